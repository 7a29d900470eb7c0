/**
 * Layouts of DAG versions: read from the database, otherwise computed in a thread and
 * stored. A page waits only a moment for a layout that is being computed; meanwhile it
 * shows the list of tasks.
 */
import { Worker } from "node:worker_threads";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { getLayout, keepLayout } from "../../store/dags/layout.ts";
import type { Queryable } from "../../store/database/database.ts";
import { type GraphLayout, type GraphRequest, LAYOUT_FORMAT } from "./graph_layout.ts";
import { graphRequest } from "./graph_request.ts";

/** A larger graph is unreadable and takes minutes, so only the list of tasks is shown. */
const MAX_DRAWN_TASKS = 1_000;

const PATIENCE_MS = 1_500;
const THREAD_LIMIT_MS = 60_000;

/** Layouts that are kept in memory, of graphs that belong to no version. */
const MOST_KEPT = 50;

/** Built code runs the built file. Source code runs the source, which Node can read. */
const THREAD = new URL(
  `./graph_layout_thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

export class GraphDrawer {
  readonly #reader: Queryable;
  readonly #making = new Map<number, Promise<GraphLayout | null>>();
  readonly #threads = new Set<Worker>();
  /** By request, the last used at the end. */
  readonly #kept = new Map<string, Promise<GraphLayout | null>>();

  constructor(reader: Queryable) {
    this.#reader = reader;
  }

  /** The layout of a version; null when it is too large to draw, or not ready yet. */
  async layout(versionId: number, spec: DagSpec): Promise<GraphLayout | null> {
    if (spec.tasks.length > MAX_DRAWN_TASKS) return null;
    const kept = (await getLayout(
      this.#reader,
      versionId,
      LAYOUT_FORMAT,
    )) as unknown as GraphLayout | null;
    return kept ?? Promise.race([this.#make(versionId, spec), wait(PATIENCE_MS)]);
  }

  /**
   * The layout of a graph that belongs to no version, such as that of assets; null when it
   * is too large to draw, or not ready yet.
   */
  async layoutOf(request: GraphRequest): Promise<GraphLayout | null> {
    if (request.nodes.length > MAX_DRAWN_TASKS) return null;
    const key = JSON.stringify(request);
    const drawing = this.#kept.get(key) ?? this.#drawn(key, request);
    this.#kept.delete(key);
    this.#kept.set(key, drawing);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > MOST_KEPT) this.#kept.delete(oldest);
    return Promise.race([drawing, wait(PATIENCE_MS)]);
  }

  /** A graph that could not be drawn is drawn again by the next page. */
  async #drawn(key: string, request: GraphRequest): Promise<GraphLayout | null> {
    try {
      return await this.#inThread(request);
    } catch {
      this.#kept.delete(key);
      return null;
    }
  }

  /** Ends the running threads. */
  async stop(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
    await Promise.allSettled([...this.#making.values(), ...this.#kept.values()]);
  }

  #make(versionId: number, spec: DagSpec): Promise<GraphLayout | null> {
    const known = this.#making.get(versionId);
    if (known) return known;
    const making = this.#draw(versionId, spec).finally(() => this.#making.delete(versionId));
    this.#making.set(versionId, making);
    return making;
  }

  /** A graph that cannot be drawn must not fail its page. */
  async #draw(versionId: number, spec: DagSpec): Promise<GraphLayout | null> {
    try {
      const layout = await this.#inThread(graphRequest(spec));
      await keepLayout(this.#reader, versionId, layout as unknown as Json);
      return layout;
    } catch {
      return null;
    }
  }

  #inThread(request: GraphRequest): Promise<GraphLayout> {
    const done = Promise.withResolvers<GraphLayout>();
    const thread = new Worker(THREAD, {
      workerData: request,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    // terminate() never rejects, and the "exit" listener below answers the caller.
    const limit = setTimeout(() => void thread.terminate(), THREAD_LIMIT_MS);
    this.#threads.add(thread);
    thread.once("message", done.resolve);
    thread.once("error", done.reject);
    thread.once("exit", () => {
      clearTimeout(limit);
      this.#threads.delete(thread);
      done.reject(new Error("the thread ended without a layout"));
    });
    return done.promise;
  }
}

function wait(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}
