/** What the tasks of a run left, as a try gets it: its inputs, and what it pulls. Shared by the worker and `dag replay`. */
import type { Json } from "../../sdk/json.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";
import type { OutputPage } from "../child/lazy_list.ts";
import { scopeKey } from "../engine/counts/scope.ts";
import {
  eagerInputs,
  fieldOf,
  isMapped,
  missingInput,
  plannedTask,
  shareMapIndex,
} from "../engine/plan/plan.ts";
import type { Database } from "../store/database/database.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";
import {
  getOutputs,
  getOutputsAt,
  getXComs,
  OUTPUTS_PER_PAGE,
  type StoredXCom,
} from "../store/values/xcom.ts";
import { Batcher } from "./batcher.ts";
import type { Spill } from "./spill.ts";

type Source = Pick<StoredXCom, "runId" | "taskId">;
type Place = Pick<StoredXCom, "runId" | "taskId" | "mapIndex">;

/** A page of large values ends behind this many bytes of them, so that a task that walks through a list never has all of it in memory. */
const PAGE_FILE_BYTES = 16 * 1024 * 1024;
/** Values read at once: a store on the network takes its time for each. */
const READ_TOGETHER = 8;

export class RunValues {
  readonly #db: Database;
  readonly #spill: Spill;
  readonly #outputs = new Batcher((wanted: readonly Source[]) => this.#readAll(wanted));
  readonly #outputsAt = new Batcher((wanted: readonly Place[]) => this.#readAt(wanted));

  constructor(db: Database, spill: Spill) {
    this.#db = db;
    this.#spill = spill;
  }

  /**
   * The inputs of a task, by name; without those that nothing came for.
   * @throws DagsmithError XCOM_FILE_MISSING, XCOM_FILE_UNREADABLE, XCOM_FILE_CORRUPT
   */
  async inputs(
    facts: RunSnapshot,
    spec: TaskSpec,
    mapIndex: number,
  ): Promise<Readonly<Record<string, Json>>> {
    const { plan } = facts.version;
    const read = async ([name, taskId]: readonly [string, string]): Promise<
      readonly (readonly [string, Json])[]
    > => {
      const at = shareMapIndex(plan, spec.taskId, taskId) ? mapIndex : null;
      const value = fieldOf(await this.#output(facts, taskId, at), spec.picks?.[name]);
      return value === undefined ? [] : [[name, value]];
    };
    return Object.fromEntries(
      (await Promise.all(Object.entries(eagerInputs(spec)).map(read))).flat(),
    );
  }

  /** What a task left under a key; null when there is nothing. */
  async pull(facts: RunSnapshot, taskId: string, key: string): Promise<Json> {
    return this.#valueOf(
      facts,
      taskId,
      await getXComs(this.#db, [{ runId: facts.id, taskId }], key),
    );
  }

  /** Outputs of a mapped task, from behind a map index on. */
  async page(runId: number, taskId: string, after: number): Promise<OutputPage> {
    const rows = await getOutputs(this.#db, { runId, taskId }, after);
    const items = await this.#readInOrder(rows.slice(0, portionOf(rows, 0, OUTPUTS_PER_PAGE)));
    const isLast = items.length === rows.length && rows.length < OUTPUTS_PER_PAGE;
    return { items, next: isLast ? null : (rows[items.length - 1]?.mapIndex ?? null) };
  }

  /** What the iteration before an iteration of a loop returned; undefined before the first. */
  async previous({
    runId,
    taskId,
    mapIndex,
  }: Pick<StoredXCom, "runId" | "taskId" | "mapIndex">): Promise<Json | undefined> {
    if (mapIndex <= 0) return undefined;
    const [row] = await getOutputs(this.#db, { runId, taskId }, mapIndex - 2, 1);
    return row ? this.#spill.read(row) : null;
  }

  /** @param at the element whose output is wanted; null for all that the task left */
  async #output(facts: RunSnapshot, taskId: string, at: number | null): Promise<Json | undefined> {
    const { plan } = facts.version;
    if (at !== null) {
      const [row] = await this.#outputsAt.add({ runId: facts.id, taskId, mapIndex: at });
      return row ? this.#spill.read(row) : missingInput(plan, taskId);
    }
    const rows = await this.#outputs.add({ runId: facts.id, taskId });
    const isList = isMapped(plannedTask(plan, taskId));
    return rows.length === 0 && !isList
      ? missingInput(plan, taskId)
      : this.#valueOf(facts, taskId, rows);
  }

  /** For a task of many instances the list, in map order. */
  async #valueOf(facts: RunSnapshot, taskId: string, rows: readonly StoredXCom[]): Promise<Json> {
    const task = facts.version.plan.tasks.get(taskId);
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

  async #readAt(wanted: readonly Place[]): Promise<readonly (readonly StoredXCom[])[]> {
    const rows = Map.groupBy(await getOutputsAt(this.#db, wanted), scopeKey);
    return wanted.map((one) => rows.get(scopeKey(one)) ?? []);
  }
}

/** Where a portion that begins at `from` ends: behind so many rows, or as soon as their files hold {@link PAGE_FILE_BYTES}. */
function portionOf(rows: readonly StoredXCom[], from: number, most: number): number {
  let bytes = 0;
  let end = from;
  while (end < Math.min(rows.length, from + most) && bytes < PAGE_FILE_BYTES)
    bytes += rows[end++]?.file?.bytes ?? 0;
  return end;
}
