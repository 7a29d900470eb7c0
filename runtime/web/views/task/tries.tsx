/** The tries of an instance, and the error of the one that is shown. */
import type { VNode } from "preact";
import { errorTitle } from "../../../../sdk/error_message.ts";
import type { ShownTry } from "../../read/read_task.ts";
import { State } from "../parts/state.tsx";
import { StartedAndTook } from "../parts/time.tsx";
import { type CodePlace, Stack } from "../values/code_link.tsx";

export function Tries({
  tries,
  shown,
  here,
  of,
}: {
  readonly tries: readonly ShownTry[];
  readonly shown: number;
  readonly here: string;
  readonly of: CodePlace;
}): VNode {
  const error = tries.find((one) => one.tryNumber === shown)?.error;
  return (
    <section id="tries" data-live aria-label="Tries">
      <table class="list tries">
        <thead>
          <tr>
            <th>Try</th>
            <th>State</th>
            <th>Started</th>
            <th>Duration</th>
            <th>Worker</th>
            <th>Reason</th>
          </tr>
        </thead>
        <tbody>
          {tries.map((one) => (
            <tr aria-current={one.tryNumber === shown ? "true" : undefined}>
              <th scope="row">
                <a href={`${here}?try=${one.tryNumber}`}>{one.tryNumber}</a>
              </th>
              <td>
                <State state={one.state} />
              </td>
              <StartedAndTook startedAt={one.startedAt} finishedAt={one.finishedAt} />
              <td class="faint">{one.workerId}</td>
              <td>{one.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error && (
        <div class="errors">
          <h2>
            <i class="glyph" aria-hidden="true" />
            {errorTitle(error).split("\n")[0]}
          </h2>
          <Stack text={error.stack || error.message} of={of} />
        </div>
      )}
    </section>
  );
}
