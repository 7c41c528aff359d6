/** For how long a status may be said. */
export const FOR = ['ever', 'halfHour', 'hour', 'fourHours', 'today'] as const;

export type For = (typeof FOR)[number];

const MINUTES: Readonly<Partial<Record<For, number>>> = { halfHour: 30, hour: 60, fourHours: 240 };

/** When it ends, if it does: `today` at midnight where one is. */
export function endOf(how: For, now: Date): Date | undefined {
  const minutes = MINUTES[how];
  if (minutes) return new Date(now.getTime() + minutes * 60_000);
  if (how !== 'today') return undefined;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
}
