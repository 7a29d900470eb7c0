/** What a chaos run did and what held, for people. */
import type { ChaosReport } from "./run.ts";

/** Problems of one check that are shown. */
const SHOWN = 5;
/** Lines of the log of each service that are shown when a check fails. */
const LOG_LINES = 15;

export function reportLines({ faults, figures, checks, logs }: ChaosReport): readonly string[] {
  const isBroken = checks.some(({ problems }) => problems.length > 0);
  return [
    "",
    ...[...faults].toSorted().map(([kind, count]) => row(String(count), kind)),
    "",
    ...Object.entries(figures).map(([name, count]) => row(String(count), name)),
    "",
    ...checks.flatMap(({ name, problems }) => [
      row(problems.length === 0 ? "held" : "BROKEN", name),
      ...problems.slice(0, SHOWN).map((problem) => row("", `- ${problem}`)),
      ...(problems.length > SHOWN ? [row("", `and ${problems.length - SHOWN} more`)] : []),
    ]),
    ...(isBroken ? [...logs].flatMap(([name, text]) => lastLines(name, text)) : []),
  ];
}

const row = (first: string, rest: string): string => `${first.padStart(7)}  ${rest}`;

function lastLines(name: string, text: string): readonly string[] {
  return ["", `${name}:`, ...text.trimEnd().split("\n").slice(-LOG_LINES)];
}
