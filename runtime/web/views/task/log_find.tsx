/** Lines that were found in a whole log, or the lines around one of them. */
import type { VNode } from "preact";
import type { FoundInLog, LogSearch, PlacedLine } from "../../read/find_in_log.ts";
import type { LinePlace } from "../../read/log_lines.ts";
import type { TryId } from "../../read/read_log.ts";
import { LOG_LEVELS, LogTime } from "./log.tsx";

export interface LogFindProps extends TryId {
  readonly search: LogSearch;
  /** Null when the lines around one line are shown. */
  readonly found: FoundInLog | null;
  readonly around: readonly PlacedLine[];
  readonly at: LinePlace | null;
  /** The next error was asked for, and there is none. */
  readonly isLastError: boolean;
}

export function LogFindPage(props: LogFindProps): VNode {
  const { instanceId, tryNumber, search, found, around, at, isLastError } = props;
  const address = `/logs/${instanceId}/${tryNumber}/find`;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={`/t/${instanceId}`}>Task</a>
      </nav>
      <div class="title">
        <h1>Log of try {tryNumber}</h1>
      </div>
      <section class="log" aria-label="Lines">
        <header>
          <SearchForm address={address} search={search} />
          <NextError address={address} at={at} isLast={isLastError} />
          {found && <span role="status">{countText(found, search)}</span>}
        </header>
        <ol>
          {(found?.lines ?? around).map((line) => (
            <FoundLine
              line={line}
              address={address}
              isHere={line.seq === at?.seq && line.index === at.index}
            />
          ))}
        </ol>
      </section>
      {found?.next && (
        <p class="pages">
          <a class="button" href={`${address}?${queryOf(search, found.next)}`}>
            Search on
          </a>
        </p>
      )}
    </>
  );
}

function SearchForm({
  address,
  search: { text, levels },
}: {
  readonly address: string;
  readonly search: LogSearch;
}): VNode {
  return (
    <form method="get" action={address} class="log-tools">
      <input
        type="search"
        name="q"
        value={text}
        placeholder="Find in log"
        aria-label="Find in log"
      />
      {LOG_LEVELS.map((level) => (
        <label class={`l-${level}`}>
          <input type="checkbox" name="level" value={level} checked={levels.includes(level)} />
          {level}
        </label>
      ))}
      <button type="submit" class="button small">
        Find
      </button>
    </form>
  );
}

/** Asks the server for the first error after a line, or in the whole log. */
function NextError({
  address,
  at,
  isLast,
}: {
  readonly address: string;
  readonly at: LinePlace | null;
  readonly isLast: boolean;
}): VNode {
  const place = at === null ? "" : `&at=${at.seq}.${at.index}`;
  if (isLast)
    return <span role="status">{at ? "No error follows this line." : "No line is an error."}</span>;
  return (
    <a class="button small" href={`${address}?next=error${place}`}>
      {at ? "Next error" : "First error"}
    </a>
  );
}

function FoundLine({
  line,
  address,
  isHere,
}: {
  readonly line: PlacedLine;
  readonly address: string;
  readonly isHere: boolean;
}): VNode {
  const place = `${line.seq}.${line.index}`;
  const level = (LOG_LEVELS as readonly string[]).includes(line.level) ? line.level : "info";
  return (
    <li class={`l-${level}${isHere ? " here" : ""}`} id={`l${place}`}>
      <a class="place" href={`${address}?at=${place}#l${place}`} title="Lines around this line">
        {line.number === null ? "#" : line.number.toLocaleString("en")}
      </a>
      <LogTime line={line} />
      <b>{level}</b>
      <span>{line.text}</span>
    </li>
  );
}

function countText({ lines, matches, searched, next }: FoundInLog, { from }: LogSearch): string {
  const number = (value: number): string => value.toLocaleString("en");
  const shown = lines.length < matches ? `; the first ${number(lines.length)} are shown` : "";
  const part = from.lines > 0 || next ? ` from line ${number(from.lines + 1)} on` : "";
  return `${number(matches)} of ${number(searched)} lines match${part}${shown}`;
}

function queryOf({ text, levels }: LogSearch, next: LogSearch["from"]): string {
  const query = new URLSearchParams({ q: text, from: String(next.seq), lines: String(next.lines) });
  for (const level of levels) query.append("level", level);
  return query.toString();
}
