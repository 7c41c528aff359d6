import { RevRange } from '../api/events';

/** How an event lies to the position up to which everything is known. */
export type Placement = 'next' | 'known' | 'gap';

/**
 * The log rule: an event is applied when it starts at or below the position and ends above it. One that ends at or
 * below it brings nothing new; one that starts above it means that something was missed.
 */
export function place(position: number, range: RevRange): Placement {
  if (range.toRev <= position) return 'known';
  return range.fromRev <= position ? 'next' : 'gap';
}
