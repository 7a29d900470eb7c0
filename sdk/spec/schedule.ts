/** When a DAG runs, as plain data. runtime/timetable decides what it means. */
import type { Json } from "../json.ts";

/** A length on the calendar: first the months, then the days. */
export interface CalendarLength {
  /** A month that lacks the day of the month ends on its last day. */
  readonly months: number;
  readonly days: number;
}

/**
 * A delay under `maxMs`, the same for each run. Which delay follows from `seed` alone.
 */
export interface Jitter {
  readonly seed: string;
  readonly maxMs: number;
}

interface Zoned {
  /**
   * IANA name. Cron is read on the zone's wall clock; calendar lengths follow its
   * calendar.
   */
  readonly timezone: string;
}

interface Jittered {
  /** Creates each run later; absent for no delay. */
  readonly jitter?: Jitter;
}

interface Tick extends Zoned, Jittered {
  /**
   * Without a start date: whether the tick just past runs at once. A number runs it if it
   * is at most that many milliseconds ago. Default false.
   */
  readonly runImmediately?: boolean | number;
}

interface TriggerInterval extends Zoned {
  /** Length of the data interval before the tick. */
  readonly intervalMs: number;
  /** Length of the data interval before the tick, in place of `intervalMs`. */
  readonly calendarInterval?: CalendarLength;
}

/** A schedule as it is stored. */
export type ScheduleSpec =
  /** The interval from one tick to the next; the run is created at the interval's end. */
  | ({ readonly type: "cron_data_interval"; readonly cron: string } & Zoned & Jittered)
  /** A run at each tick. */
  | ({ readonly type: "cron_trigger"; readonly cron: string } & TriggerInterval & Tick)
  /** A run at each instant at which at least one of the expressions ticks. */
  | ({ readonly type: "multi_cron_trigger"; readonly crons: readonly string[] } & TriggerInterval &
      Tick)
  /** A run at each tick, for the partition named after the tick `offset` ticks away. */
  | ({
      readonly type: "cron_partition";
      readonly cron: string;
      readonly offset: number;
      readonly keyFormat: string;
      /** The zone on whose wall clock the key is written. */
      readonly keyTimezone: string;
    } & Tick)
  /** Intervals of a fixed length, one after the other from the start date. */
  | { readonly type: "delta_data_interval"; readonly deltaMs: number }
  /** A run at the end of each fixed length. */
  | ({ readonly type: "delta_trigger"; readonly deltaMs: number } & TriggerInterval)
  /** Intervals of a length on the calendar. */
  | ({ readonly type: "calendar_data_interval"; readonly length: CalendarLength } & Zoned)
  /** A run at the end of each length on the calendar. */
  | ({ readonly type: "calendar_trigger"; readonly length: CalendarLength } & TriggerInterval)
  /** A run at each of these instants: ISO 8601 in UTC, ascending, each once. */
  | {
      readonly type: "instants";
      readonly instants: readonly string[];
      readonly restrictToInstants: boolean;
    }
  /** A run whenever the run before has ended, over all time that has passed since. */
  | { readonly type: "continuous" }
  /** One run at the start date. */
  | { readonly type: "once" }
  /** Manual runs only. */
  | { readonly type: "none" };

/** One of a DAG's schedules. Each remembers its own last run. */
export interface NamedSchedule {
  /** Empty when it is the DAG's only schedule and has no name. */
  readonly name: string;
  readonly schedule: ScheduleSpec;
  /** The params of the runs that it makes. */
  readonly params: Json;
}
