/**
 * The values that a try reads and writes: inputs, XComs, outputs. Small values are in
 * rows, large values in files.
 */
import type { Json } from "../../sdk/json.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";
import type { OutputPage } from "../child/context/lazy_list.ts";
import { scopeKey } from "../engine/counts/scope.ts";
import {
  eagerInputs,
  fieldOf,
  isMapped,
  missingInput,
  plannedTask,
  shareMapIndex,
} from "../engine/plan/plan.ts";
import { storedScope } from "../engine/results/state_scope.ts";
import type { ClaimedInstance, KeptJson } from "../engine/store.ts";
import type { Database } from "../store/database/database.ts";
import { labelHeldRun, noteHeldRun } from "../store/runs/run_label.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";
import { assetEvents } from "../store/sources/asset.ts";
import { putHeldRendered } from "../store/values/rendered_fields.ts";
import { listState, putStateNow, readState } from "../store/values/state.ts";
import { beginHeldStep, endHeldStep, readSteps } from "../store/values/step.ts";
import {
  getOutputs,
  getOutputsAt,
  getXComs,
  OUTPUTS_PER_PAGE,
  pushXCom,
  type StoredXCom,
} from "../store/values/xcom.ts";
import type { ScopeState, XComs } from "./attempt.ts";
import { Batcher } from "./batcher.ts";
import type { Spill } from "./spill.ts";
import { INTERRUPTIONS } from "./try_outcome.ts";

type Source = Pick<StoredXCom, "runId" | "taskId">;
type ValueKey = Pick<StoredXCom, "runId" | "taskId" | "mapIndex">;

/**
 * A page of large values ends after this many bytes, so that a task that reads a list
 * never has all of it in memory.
 */
const PAGE_FILE_BYTES = 16 * 1024 * 1024;
/**
 * Values that are read at the same time: a store on the network takes some time for each.
 */
const READ_TOGETHER = 8;

export class ValueStore {
  readonly #db: Database;
  readonly #spill: Spill;
  readonly #outputs = new Batcher((wanted: readonly Source[]) => this.#readAll(wanted));
  readonly #outputsAt = new Batcher((wanted: readonly ValueKey[]) => this.#readAt(wanted));

  constructor(db: Database, spill: Spill) {
    this.#db = db;
    this.#spill = spill;
  }

  /**
   * The inputs of a task, by name, without inputs that have no value.
   * @throws DagsmithError XCOM_FILE_MISSING, XCOM_FILE_UNREADABLE, XCOM_FILE_CORRUPT
   */
  async inputs(
    run: RunSnapshot,
    spec: TaskSpec,
    mapIndex: number,
  ): Promise<Readonly<Record<string, Json>>> {
    const { plan } = run.version;
    const read = async ([name, taskId]: readonly [string, string]): Promise<
      readonly (readonly [string, Json])[]
    > => {
      const at = shareMapIndex(plan, spec.taskId, taskId) ? mapIndex : null;
      const value = fieldOf(await this.#output(run, taskId, at), spec.picks?.[name]);
      return value === undefined ? [] : [[name, value]];
    };
    return Object.fromEntries(
      (await Promise.all(Object.entries(eagerInputs(spec)).map(read))).flat(),
    );
  }

  /** The value of a task under a key; null when there is none. */
  async pull(run: RunSnapshot, taskId: string, key: string): Promise<Json> {
    return this.#valueOf(run, taskId, await getXComs(this.#db, [{ runId: run.id, taskId }], key));
  }

  /** Outputs of a mapped task, from a map index on. */
  async page(runId: number, taskId: string, after: number): Promise<OutputPage> {
    const rows = await getOutputs(this.#db, { runId, taskId }, after);
    const items = await this.#readInOrder(rows.slice(0, portionOf(rows, 0, OUTPUTS_PER_PAGE)));
    const isLast = items.length === rows.length && rows.length < OUTPUTS_PER_PAGE;
    return { items, next: isLast ? null : (rows[items.length - 1]?.mapIndex ?? null) };
  }

  /**
   * The output of the previous iteration of a loop; undefined for the first iteration.
   */
  async previous({
    runId,
    taskId,
    mapIndex,
  }: Pick<StoredXCom, "runId" | "taskId" | "mapIndex">): Promise<Json | undefined> {
    if (mapIndex <= 0) return undefined;
    const [row] = await getOutputs(this.#db, { runId, taskId }, mapIndex - 2, 1);
    return row ? this.#spill.read(row) : null;
  }

  /**
   * The XComs of one try. A push is refused when the try no longer belongs to this
   * worker.
   */
  xcomsOf({ id, taskId, tryNumber }: ClaimedInstance, run: RunSnapshot, workerId: string): XComs {
    const owner = { dagId: run.version.dagId, taskId };
    const holder = { instanceId: id, tryNumber, workerId };
    return {
      labelRun: async (key, value) => {
        if (!(await labelHeldRun(this.#db, { key, value }, holder)))
          throw new Error(`the label was not written: ${INTERRUPTIONS.taken}`);
      },
      noteRun: async (text) => {
        if (!(await noteHeldRun(this.#db, text === "" ? null : text, holder)))
          throw new Error(`the note was not written: ${INTERRUPTIONS.taken}`);
      },
      writeRendered: async (fields) => {
        if (!(await putHeldRendered(this.#db, fields, holder)))
          throw new Error(INTERRUPTIONS.taken);
      },
      readSteps: () => readSteps(this.#db, id),
      beginStep: async (name) => {
        if (!(await beginHeldStep(this.#db, name, holder)))
          throw new Error(`the step did not begin: ${INTERRUPTIONS.taken}`);
      },
      writeStep: async (name, json) => {
        if (!(await endHeldStep(this.#db, { name, json }, holder)))
          throw new Error(`the step was not stored: ${INTERRUPTIONS.taken}`);
      },
      state: (scope) => this.#stateOf(storedScope(scope, owner), holder),
      pull: (from, key) => this.pull(run, from, key),
      page: (from, after) => this.page(run.id, from, after),
      assetEvents: async (uri, limit) => (await assetEvents(this.#db, uri, { limit })).toReversed(),
      push: async (key, json) => {
        const kept = await this.keep(json, this.limitOf(run, taskId));
        if (!(await pushXCom(this.#db, { key, ...kept }, holder)))
          throw new Error(`the value was not stored: ${INTERRUPTIONS.taken}`);
      },
    };
  }

  #stateOf(scope: string, holder: Parameters<typeof putStateNow>[2]): ScopeState {
    return {
      read: (key) => readState(this.#db, scope, key),
      list: (prefix) => listState(this.#db, scope, prefix),
      write: async (key, json) => {
        if (!(await putStateNow(this.#db, { scope, key, json }, holder)))
          throw new Error(`the state was not written: ${INTERRUPTIONS.taken}`);
      },
    };
  }

  /** Most bytes that a value of a task may have. */
  limitOf(run: RunSnapshot, taskId: string): number {
    return this.#spill.limitFor(run.version.plan, taskId);
  }

  /**
   * The stored form of a value.
   * @throws DagsmithError XCOM_FILE_UNWRITABLE
   */
  keep(json: string, limit: number): Promise<KeptJson> {
    return this.#spill.keep(json, limit);
  }

  /** @param at the map index whose output is wanted; null: all outputs of the task */
  async #output(run: RunSnapshot, taskId: string, at: number | null): Promise<Json | undefined> {
    const { plan } = run.version;
    if (at !== null) {
      const [row] = await this.#outputsAt.add({ runId: run.id, taskId, mapIndex: at });
      return row ? this.#spill.read(row) : missingInput(plan, taskId);
    }
    const rows = await this.#outputs.add({ runId: run.id, taskId });
    const isList = isMapped(plannedTask(plan, taskId));
    return rows.length === 0 && !isList
      ? missingInput(plan, taskId)
      : this.#valueOf(run, taskId, rows);
  }

  /** For a task of many instances the list, in map order. */
  async #valueOf(run: RunSnapshot, taskId: string, rows: readonly StoredXCom[]): Promise<Json> {
    const task = run.version.plan.tasks.get(taskId);
    const isList = task !== undefined && isMapped(task);
    const values = await this.#readInOrder(isList ? rows : rows.slice(0, 1));
    return isList ? values : (values[0] ?? null);
  }

  async #readInOrder(rows: readonly StoredXCom[]): Promise<Json[]> {
    const values: Json[] = [];
    while (values.length < rows.length) {
      const portion = rows.slice(values.length, portionOf(rows, values.length, READ_TOGETHER));
      values.push(...(await Promise.all(portion.map((row) => this.#spill.read(row)))));
    }
    return values;
  }

  async #readAll(wanted: readonly Source[]): Promise<readonly (readonly StoredXCom[])[]> {
    const key = ({ runId, taskId }: Source): string => `${runId}/${taskId}`;
    const distinct = [...new Map(wanted.map((one) => [key(one), one])).values()];
    const rows = Map.groupBy(await getXComs(this.#db, distinct), key);
    return wanted.map((one) => rows.get(key(one)) ?? []);
  }

  async #readAt(wanted: readonly ValueKey[]): Promise<readonly (readonly StoredXCom[])[]> {
    const rows = Map.groupBy(await getOutputsAt(this.#db, wanted), scopeKey);
    return wanted.map((one) => rows.get(scopeKey(one)) ?? []);
  }
}

/**
 * The end of a page that begins at `from`: after a number of rows, or as soon as their
 * files have {@link PAGE_FILE_BYTES}.
 */
function portionOf(rows: readonly StoredXCom[], from: number, most: number): number {
  let bytes = 0;
  let end = from;
  while (end < Math.min(rows.length, from + most) && bytes < PAGE_FILE_BYTES)
    bytes += rows[end++]?.file?.bytes ?? 0;
  return end;
}
