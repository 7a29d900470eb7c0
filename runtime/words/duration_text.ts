/** Lengths of time in words, the same in the terminal and on the page. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A length of time in the two units that matter: `340 ms`, `4.2 s`, `2 min 5 s`, `3 h 10
 * min`, `2 d 4 h`. A second unit of zero is left out; nothing is rounded up; a negative
 * length is `0 ms`.
 */
export function durationText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.floor(ms))} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return twoUnits(ms, [MINUTE, "min"], [SECOND, "s"]);
  if (ms < DAY) return twoUnits(ms, [HOUR, "h"], [MINUTE, "min"]);
  return twoUnits(ms, [DAY, "d"], [HOUR, "h"]);
}

type Unit = readonly [ms: number, name: string];

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** How long something took, in milliseconds; null until it has ended. */
export function tookMs(of: {
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}): number | null {
  return of.startedAt && of.finishedAt ? of.finishedAt.getTime() - of.startedAt.getTime() : null;
}

/** The longest of many, at least 1: a divisor for the heights of bars. */
export function longestMs(all: readonly Parameters<typeof tookMs>[0][]): number {
  return Math.max(1, ...all.map((one) => tookMs(one) ?? 0));
}
