/**
 * Steps as a task uses them: results that earlier tries stored, and those of this one.
 */
import { DateTime } from "luxon";
import { type Duration, durationMs } from "../../../sdk/duration.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { toJson } from "../../../sdk/json.ts";
import { once } from "../../../sdk/once.ts";
import { MAX_STEP_BYTES, MAX_STEP_NAME, type Step } from "../../../sdk/task/step.ts";
import { durationText } from "../../words/duration_text.ts";

/** Where steps and their results are stored. */
export interface StepHost {
  /** Results by name, as JSON text; null for a step without result. */
  readSteps(): Promise<Readonly<Record<string, string | null>>>;
  beginStep(name: string): Promise<void>;
  writeStep(name: string, json: string | null): Promise<void>;
}

/** A wait that begins when the try ends. */
export interface StepSleep {
  readonly step: string;
  /** ISO 8601, or milliseconds from now; one of the two is null. */
  readonly at: string | null;
  readonly inMs: number | null;
}

/** The steps of one try. */
export interface TrySteps {
  readonly step: Step;
  /** The wait that the task asked for. Nothing that the body does after it counts. */
  readonly sleep: StepSleep | undefined;
}

/** Ends the body at a sleep. */
class Asleep extends Error {
  override readonly name = "Asleep";
}

/** @param log tells which step failed, sleeps, or was done before */
export function trySteps(host: StepHost, log: (text: string) => void): TrySteps {
  const used = new Set<string>();
  const stored = once(async () => new Map(Object.entries(await host.readSteps())));
  let sleep: StepSleep | undefined;

  const begin = async (name: string): Promise<ReadonlyMap<string, string | null>> => {
    if (sleep) throw new Asleep(`the task sleeps in step "${sleep.step}"`);
    claimName(used, name);
    return stored();
  };
  const run = async <Value>(name: string, work: () => Value | Promise<Value>): Promise<Value> => {
    const done = await begin(name);
    if (done.has(name)) {
      log(`step "${name}" was done before`);
      return resultOf(done.get(name));
    }
    const json = await tellingFailure(name, log, () => performed(host, name, work));
    // As a later try gets it.
    return resultOf(json);
  };
  const sleepIn = async (name: string, until: Duration | DateTime<true>): Promise<void> => {
    const time = timeOf(until);
    if ((await begin(name)).has(name)) return;
    sleep = { step: name, ...time };
    log(`step "${name}" sleeps ${sleepText(time)}`);
    throw new Asleep(`the task sleeps in step "${name}"`);
  };
  return {
    step: Object.assign(run, { sleep: sleepIn }),
    get sleep() {
      return sleep;
    },
  };
}

/** Runs a step and stores its result. @returns its result as JSON text; null for none */
async function performed(
  host: StepHost,
  name: string,
  work: () => unknown,
): Promise<string | null> {
  // Not awaited before the work: a step does not wait for the database to begin.
  const begun = host.beginStep(name);
  // A step whose work throws does not ask whether its beginning was stored.
  begun.catch(() => undefined);
  const value = await work();
  const json = value === undefined ? null : toJson(value, MAX_STEP_BYTES);
  await begun;
  await host.writeStep(name, json);
  return json;
}

/** A step that succeeds says nothing: operators take steps for what they must remember. */
async function tellingFailure<Value>(
  name: string,
  log: (text: string) => void,
  work: () => Promise<Value>,
): Promise<Value> {
  const from = performance.now();
  try {
    return await work();
  } catch (error) {
    log(`step "${name}" failed after ${durationText(performance.now() - from)}`);
    throw error;
  }
}

function sleepText({ at, inMs }: Pick<StepSleep, "at" | "inMs">): string {
  return at === null ? `for ${durationText(inMs ?? 0)}` : `until ${at}`;
}

function claimName(used: Set<string>, name: string): void {
  if (typeof name !== "string" || name === "" || name.length > MAX_STEP_NAME)
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "step name",
      reason: `it has 1 to ${MAX_STEP_NAME} characters`,
    });
  if (used.has(name)) throw new DagsmithError("STEP_NAME_USED", { step: name });
  used.add(name);
}

function timeOf(until: Duration | DateTime): Pick<StepSleep, "at" | "inMs"> {
  if (!DateTime.isDateTime(until)) return { at: null, inMs: durationMs(until) };
  const at = until.toUTC().toISO();
  if (at === null)
    throw new DagsmithError("INVALID_DATE", { found: String(until), where: "step.sleep" });
  return { at, inMs: null };
}

/** The result has the type of what was stored: a step keeps its work under its name. */
function resultOf<Value>(json: string | null | undefined): Value {
  return (json === null || json === undefined ? undefined : JSON.parse(json)) as Value;
}
