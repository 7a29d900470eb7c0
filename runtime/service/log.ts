/**
 * The events that a service reports, one a line. The code that starts the service decides
 * where the lines go.
 */
import type { EventName } from "./events.ts";

/**
 * The ids that a line may name, so that a search by DAG, run or task finds every event.
 * Further values are named by the event.
 */
export interface EventDetail {
  readonly dag?: string;
  /** The run id. */
  readonly run?: string;
  /** The task id. */
  readonly task?: string;
  /** -1 without a list. */
  readonly mapIndex?: number;
  readonly try?: number;
  /** The name of a background job. */
  readonly job?: string;
  readonly worker?: string;
  readonly reason?: string;
  readonly error?: unknown;
  readonly [name: string]: unknown;
}

export type ServiceLog = (event: EventName, detail?: EventDetail) => void;
