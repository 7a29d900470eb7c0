/**
 * The log of a try. Plain lines without a script; with one it follows, filters and finds.
 */
import type { VNode } from "preact";
import type { LogLine } from "../../read/log_lines.ts";
import type { ShownLog } from "../../read/read_task.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export function Log({ window, instanceId, tryNumber, isOpen }: ShownLog): VNode {
  const address = `/logs/${instanceId}/${tryNumber}`;
  const isEmpty = window.head.length + window.tail.length === 0;
  return (
    <section
      class="log"
      id="log"
      aria-label="Log"
      data-island="log"
      data-stream={isOpen ? `${address}/stream` : undefined}
      data-seq={window.lastSeq}
    >
      <header>
        <h2>Log</h2>
        <span class="faint">try {tryNumber}</span>
        <span class="log-tools" hidden>
          {LOG_LEVELS.map((level) => (
            <label class={`l-${level}`}>
              <input type="checkbox" checked value={level} data-level />
              {level}
            </label>
          ))}
          <input type="search" placeholder="Find in log" aria-label="Find in log" data-find />
          <label>
            <input type="checkbox" checked data-follow /> follow
          </label>
        </span>
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
          <Line line={line} />
        ))}
        {window.hasGap && (
          <li class="gap">
            … lines in between are left out; <a href={`${address}/download`}>download</a> the whole
            log to see them …
          </li>
        )}
        {window.tail.map((line) => (
          <Line line={line} />
        ))}
      </ol>
    </section>
  );
}

function Line({ line }: { readonly line: LogLine }): VNode {
  const level = (LOG_LEVELS as readonly string[]).includes(line.level) ? line.level : "info";
  return (
    <li class={`l-${level}`}>
      <time datetime={line.time === "" ? undefined : line.time} data-clock>
        {line.time.slice(11, 23)}
      </time>
      <b>{level}</b>
      <span>{line.text}</span>
    </li>
  );
}
