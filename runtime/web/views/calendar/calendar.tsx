/**
 * A month of runs, the past by state and the future as planned; below it the agenda of
 * one day. Each day is a link, so it needs no script; with one, arrow keys move.
 */
import type { VNode } from "preact";
import type { Day } from "../../calendar/month.ts";
import { CALENDAR_STATES, type CalendarState, type DayCounts } from "../../calendar/tally.ts";
import type { CalendarView } from "../../read/read_calendar.ts";
import { CalendarAgenda } from "./agenda.tsx";

export interface CalendarProps extends CalendarView {
  /** The address of this calendar. */
  readonly path: string;
  /** Whether each line names its DAG. Default true. */
  readonly hasDag?: boolean;
}

export function CalendarPage(props: CalendarProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Calendar</h1>
      </div>
      <Calendar {...props} />
    </>
  );
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export function Calendar(props: CalendarProps): VNode {
  const { month, wholeUntil } = props;
  return (
    <>
      <MonthLinks {...props} />
      <table class="days" aria-label={monthText(month.from)}>
        <thead>
          <tr>
            {WEEKDAYS.map((name) => (
              <th scope="col">
                <abbr title={name}>{name.slice(0, 3)}</abbr>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {month.weeks.map((week) => (
            <tr>
              {week.map((day) => (
                <td>{day !== null && <DayCell {...props} at={day} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="faint">
        Days are in UTC. Planned runs are those of DAGs that are not paused.
        {wholeUntil !== null &&
          ` From ${wholeUntil} on, DAGs that run often have more planned runs than are counted.`}
      </p>
      <CalendarAgenda {...props} />
    </>
  );
}

function MonthLinks({ month, path, today }: CalendarProps): VNode {
  return (
    <nav class="months" aria-label="Months">
      <a class="button small" rel="prev" href={`${path}?day=${month.previous}`}>
        Previous
      </a>
      <h2>{monthText(month.from)}</h2>
      <a class="button small" rel="next" href={`${path}?day=${month.next}`}>
        Next
      </a>
      <a class="button ghost small" href={`${path}?day=${today}`}>
        Today
      </a>
    </nav>
  );
}

function DayCell(props: CalendarProps & { readonly at: Day }): VNode {
  const { at, day, today, days, path } = props;
  return (
    <a
      href={`${path}?day=${at}`}
      aria-current={at === day ? "date" : undefined}
      class={at === today ? "today" : undefined}
    >
      <b>{Number(at.slice(8))}</b>
      <Counts counts={days.get(at) ?? {}} />
    </a>
  );
}

function Counts({ counts }: { readonly counts: DayCounts }): VNode {
  return (
    <>
      {CALENDAR_STATES.map((state) => {
        const runs = counts[state];
        return runs !== undefined && <Count state={state} runs={runs} />;
      })}
    </>
  );
}

/** The word is hidden on narrow screens, and never from screen readers. */
function Count({ state, runs }: { readonly state: CalendarState; readonly runs: number }): VNode {
  return (
    <span class={`state ${state}`} title={`${runs} ${state}`}>
      <i class="glyph" aria-hidden="true" />
      {runs}
      <span class="word"> {state}</span>
    </span>
  );
}

const MONTH = { month: "long", year: "numeric", timeZone: "UTC" } as const;

const monthText = (from: Date): string => from.toLocaleDateString("en", MONTH);
