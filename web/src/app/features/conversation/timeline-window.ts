/** Rows from one index up to another, the latter left out. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** No row is lower than a line of text. */
const LEAST_ROW_PX = 26;
/** How many views of the lowest rows are kept in the document: what is seen, and more than half as much on either side. */
const VIEWS = 2.2;
const LEAST_ROWS = 40;
/** Pages are asked for when fewer rows than this are left before what is not loaded. */
const PREFETCH_ROWS = 50;

/** How many rows the document holds for a view of this height, however many are loaded. */
export function windowSize(viewHeight: number): number {
  return Math.max(LEAST_ROWS, Math.ceil((viewHeight * VIEWS) / LEAST_ROW_PX));
}

/** The rows around a row, or the last ones. Always `size` of them, where there are as many. */
export function windowAround(count: number, size: number, centre?: number): Span {
  const start = centre === undefined ? count - size : centre - Math.floor(size / 2);
  const from = Math.max(0, Math.min(start, count - size));
  return { from, to: Math.min(count, from + size) };
}

/** What is not loaded but will soon be looked at: before which message, after which. */
export interface Wanted {
  readonly before?: number;
  readonly after?: number;
}

interface Row {
  readonly kind: string;
  readonly after?: number;
  readonly before?: number;
}

/** Looks from a row in both directions for what is missing. `first` is where the oldest range begins, if more is before. */
export function wantedNear(rows: readonly Row[], index: number, first?: number): Wanted {
  let before: number | undefined;
  let after: number | undefined;
  const up = Math.max(-1, index - PREFETCH_ROWS);
  for (let at = index; at > up && before === undefined; at--) before = rows[at]?.before;
  if (before === undefined && index < PREFETCH_ROWS) before = first;
  const down = Math.min(rows.length, index + PREFETCH_ROWS);
  for (let at = index + 1; at < down && after === undefined; at++) after = rows[at]?.after;
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
