/** Reads the calendar: the days of a month, and the agenda of one of its days. */
import { type CalendarQuery, dagPlans, dueDays, dueHours } from "../../store/reads/calendar.ts";
import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import { type Day, dayOf, endOf, type Month, monthOf, startOf } from "../calendar/month.ts";
import { plannedRuns } from "../calendar/planned_runs.ts";
import { type AgendaEntry, agenda, type DayCounts, tally } from "../calendar/tally.ts";
import type { WebServices } from "../http/services.ts";
import { readTime } from "./read_time.ts";

/** Most planned runs of one DAG, in the calendar of all and in its own. */
const PLANNED_OF_ALL = 100;
const PLANNED_OF_ONE = 1_000;
/** Lines of the agenda. */
const AGENDA_LINES = 500;

export interface CalendarView {
  readonly month: Month;
  readonly day: Day;
  readonly today: Day;
  readonly days: ReadonlyMap<Day, DayCounts>;
  /** From this day on, runs of DAGs that run often are missing; null: none is. */
  readonly wholeUntil: Day | null;
  readonly agenda: readonly AgendaEntry[];
  /** Whether the day has more runs than the agenda shows. */
  readonly isCut: boolean;
}

export interface CalendarOf {
  /** Null: today. */
  readonly day: Day | null;
  /** Null: all DAGs. */
  readonly dagId: string | null;
  readonly visible: VisibleTags;
}

export async function readCalendar(services: WebServices, of: CalendarOf): Promise<CalendarView> {
  const now = await readTime(services);
  const today = dayOf(now);
  const day = of.day ?? today;
  const month = monthOf(day);
  const { from, to } = month;
  const counts = await dueDays(services.reader, { ...of, from, to });
  const plan = await planOf(services, { ...of, from: later(from, now), to });
  const shown = await readAgenda(services, { ...of, from: startOf(day), to: endOf(day) }, now);
  return {
    ...{ month, day, today, days: tally(counts, plan.runs) },
    wholeUntil: plan.wholeUntil && dayOf(plan.wholeUntil),
    ...shown,
  };
}

const later = (one: Date, other: Date): Date => (one > other ? one : other);

async function planOf({ reader }: WebServices, query: CalendarQuery) {
  const { from, to, dagId } = query;
  const most = dagId === null ? PLANNED_OF_ALL : PLANNED_OF_ONE;
  const dags = from >= to ? [] : await dagPlans(reader, query);
  return plannedRuns(dags, { from, to, most });
}

/** The month's plan may be cut before this day, so the day is planned by itself. */
async function readAgenda(services: WebServices, query: CalendarQuery, now: Date) {
  const runs = await dueHours(services.reader, { ...query, limit: AGENDA_LINES + 1 });
  const plan = await planOf(services, { ...query, from: later(query.from, now) });
  const lines = agenda(runs, plan.runs);
  const isCut = lines.length > AGENDA_LINES || plan.wholeUntil !== null;
  return { agenda: lines.slice(0, AGENDA_LINES), isCut };
}
