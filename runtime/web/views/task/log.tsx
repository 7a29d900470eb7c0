/**
 * The log of a try. Plain lines without a script; with one it follows, filters and finds.
 */
import type { VNode } from "preact";
import type { LogLine, NumberedLine } from "../../read/log_lines.ts";
import type { ShownLog } from "../../read/read_task.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export function Log({ window, instanceId, tryNumber, isOpen }: ShownLog): VNode {
  const address = `/logs/${instanceId}/${tryNumber}`;
  const isEmpty = window.head.length + window.tail.length === 0;
  return (
    <section
      class="log"
      id="log"
      aria-label="Log"
      data-island="log"
      data-subject={address}
      data-lines={window.hasGap ? undefined : window.head.length + window.tail.length}
      data-try={tryNumber}
      data-stream={isOpen ? `${address}/stream` : undefined}
      data-seq={window.lastSeq}
    >
      <header>
        <h2>Log</h2>
        <span class="faint">try {tryNumber}</span>
        <span class="log-tools" hidden>
          {window.hasGap ? (
            <Levels address={address} />
          ) : (
            LOG_LEVELS.map((level) => (
              <label class={`l-${level}`}>
                <input type="checkbox" checked value={level} data-level />
                {level}
              </label>
            ))
          )}
          <label>
            <input type="checkbox" checked data-follow /> follow
          </label>
        </span>
        <form method="get" action={`${address}/find`}>
          <input
            type="search"
            name="q"
            placeholder="Find in log"
            aria-label="Find in log"
            data-find={window.hasGap ? undefined : ""}
          />
        </form>
        <a class="button small" href={`${address}/find?next=error`}>
          First error
        </a>
        <span class="grow" />
        <span class="log-state faint" role="status">
          {isOpen ? "still open" : ""}
        </span>
        <a
          class="button small"
          href={`${address}/download`}
          download={`log-${instanceId}-${tryNumber}.txt`}
        >
          Download
        </a>
      </header>
      <ol aria-label="Lines">
        {isEmpty && <li class="gap">{isOpen ? "No lines yet." : "This try wrote no lines."}</li>}
        {window.head.map((line) => (
          <Line line={line} address={address} tryNumber={tryNumber} />
        ))}
        {window.hasGap && (
          <li class="gap">
            … lines in between are left out; <a href={`${address}/find`}>search</a> or{" "}
            <a href={`${address}/download`}>download</a> the whole log to see them …
          </li>
        )}
        {window.tail.map((line) => (
          <Line line={line} address={address} tryNumber={tryNumber} />
        ))}
      </ol>
    </section>
  );
}

/** A part of a log cannot show its levels: these links search the whole log. */
function Levels({ address }: { readonly address: string }): VNode {
  return (
    <>
      {LOG_LEVELS.map((level) => (
        <a class={`l-${level}`} href={`${address}/find?level=${level}`}>
          {level}
        </a>
      ))}
    </>
  );
}

interface LineProps {
  readonly line: NumberedLine;
  readonly address: string;
  readonly tryNumber: number;
}

function Line({ line, address, tryNumber }: LineProps): VNode {
  const { number } = line;
  const level = (LOG_LEVELS as readonly string[]).includes(line.level) ? line.level : "info";
  const place = `${line.seq}.${line.index}`;
  return (
    <li class={`l-${level}`} id={number === null ? undefined : `L${number}`}>
      <a
        class="place"
        href={
          number === null ? `${address}/find?at=${place}#l${place}` : `?try=${tryNumber}#L${number}`
        }
        title="A link to this line"
      >
        {number ?? "#"}
      </a>
      <LogTime line={line} />
      <b>{level}</b>
      <span>
        {line.styled?.map(({ text, style }) =>
          style === "" ? text : <span class={style}>{text}</span>,
        ) ?? line.text}
      </span>
    </li>
  );
}

/** The time of day of a line; a script shows it in the zone of the page. */
export function LogTime({ line: { time } }: { readonly line: LogLine }): VNode {
  return (
    <time datetime={time === "" ? undefined : time} data-clock>
      {time.slice(11, 23)}
    </time>
  );
}
