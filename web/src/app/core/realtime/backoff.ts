const FIRST_MS = 1_000;
/** Slow enough that a server which restarts within seconds is met again within seconds. */
const GROWTH = 1.6;
const LONGEST_MS = 30_000;
const SHORTEST_MS = 100;

/**
 * How long to wait before attempt `attempt` (0 for the first): anywhere below a limit that grows to 30 seconds, so
 * that a thousand clients of a restarted server do not come back in step.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const limit = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** Math.min(attempt, 20));
  return Math.max(SHORTEST_MS, Math.round(random() * limit));
}
