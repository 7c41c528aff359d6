/** Times as people read them, in the browser's language and clock. Formatters are made once: they are slow to make. */
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const shortDateOfYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const longDate = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
});
const longDateOfYear = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

const DAY_MS = 86_400_000;

/** `14:05` */
export function clockTime(at: Date): string {
  return clock.format(at);
}

/** `Monday, 23 November 2026 at 14:05` */
export function fullTime(at: Date): string {
  return full.format(at);
}

/** A number that is the same for two instants exactly when they lie in the same local day. */
export function dayOf(at: Date): number {
  return Math.round(new Date(at.getFullYear(), at.getMonth(), at.getDate(), 12).getTime() / DAY_MS);
}

/** `Today`, `Yesterday`, or the date. */
export function dayName(at: Date, now: Date, today: string, yesterday: string): string {
  const age = dayOf(now) - dayOf(at);
  if (age === 0) return today;
  if (age === 1) return yesterday;
  return (at.getFullYear() === now.getFullYear() ? longDate : longDateOfYear).format(at);
}

/** As short as a list wants it: the time of today, the weekday of this week, else the date. */
export function listTime(at: Date, now: Date): string {
  const age = dayOf(now) - dayOf(at);
  if (age <= 0) return clock.format(at);
  if (age < 7) return weekday.format(at);
  return (at.getFullYear() === now.getFullYear() ? shortDate : shortDateOfYear).format(at);
}
