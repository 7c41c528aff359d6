import { Heads } from '../api/events';

/**
 * What the tabs of one browser say to one another about the connection that they share. The leading tab has it; the
 * others use it through the leader. `tab` is the tab that follows.
 */
export type TabWord =
  /** A tab wants to use the connection. */
  | { type: 'join'; tab: string }
  /** It does not any more. */
  | { type: 'leave'; tab: string }
  /** There is a connection, and this tab may use it. `heads` says from where it is live. */
  | { type: 'welcome'; tab: string; heads: Heads | undefined }
  /** A tab has begun to lead: what was asked of another is not going to be answered. */
  | { type: 'leading' }
  /** The connection is there, or has gone. */
  | { type: 'up' }
  | { type: 'down' }
  /** Somebody looks at a tab and wants the next attempt now. */
  | { type: 'tryNow' }
  | { type: 'event'; name: string; payload: unknown }
  /** A call, by a number of the tab's own; a streaming one is answered with items first. */
  | { type: 'call'; tab: string; id: number; method: string; args: unknown[]; streams: boolean }
  | { type: 'item'; tab: string; id: number; item: unknown }
  | { type: 'answer'; tab: string; id: number; result: unknown }
  | { type: 'refusal'; tab: string; id: number; message: string };
