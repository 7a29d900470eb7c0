/** The runs of one day in the order of time: what ran, what runs, and what is planned. */
import type { VNode } from "preact";
import { type Day, startOf } from "../../calendar/month.ts";
import type { AgendaEntry } from "../../calendar/tally.ts";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";

export interface AgendaProps {
  readonly day: Day;
  readonly agenda: readonly AgendaEntry[];
  readonly isCut: boolean;
  readonly hasDag?: boolean;
}

export function CalendarAgenda({ day, agenda, isCut, hasDag = true }: AgendaProps): VNode {
  return (
    <section id="agenda" aria-labelledby="agenda-title">
      <h2 id="agenda-title">{dayTitle(day)}</h2>
      {agenda.length === 0 ? (
        <p class="nothing">No run was due on this day, and none is planned.</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th>Due</th>
              {hasDag && <th>DAG</th>}
              <th>State</th>
              <th class="number">Runs in the hour</th>
            </tr>
          </thead>
          <tbody>
            {agenda.map((entry) => (
              <Entry entry={entry} hasDag={hasDag} />
            ))}
          </tbody>
        </table>
      )}
      {isCut && (
        <p class="faint">
          The day has more runs than are shown here.
          {hasDag && " The calendar of each DAG shows more of its own."}
        </p>
      )}
    </section>
  );
}

function Entry({
  entry: { dagId, state, at, runs, run },
  hasDag,
}: {
  readonly entry: AgendaEntry;
  readonly hasDag: boolean;
}): VNode {
  return (
    <tr>
      <th scope="row">{run === null ? <Time at={at} ahead /> : <RunLink run={run} at={at} />}</th>
      {hasDag && (
        <td>
          <a href={`/dags/${dagId}`}>
            <Id text={dagId} />
          </a>
        </td>
      )}
      <td>
        <State state={state} />
      </td>
      <td class="number">{runs}</td>
    </tr>
  );
}

function RunLink({ run, at }: { readonly run: number; readonly at: Date }): VNode {
  return (
    <a href={`/runs/${run}`}>
      <Time at={at} />
    </a>
  );
}

const DAY = { weekday: "long", month: "long", day: "numeric", timeZone: "UTC" } as const;

/** `Monday, November 30`. */
const dayTitle = (day: Day): string => startOf(day).toLocaleDateString("en", DAY);
