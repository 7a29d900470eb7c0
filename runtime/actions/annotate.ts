/** Notes and labels of runs. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { checkLabel, checkNote } from "../../sdk/task/run_notes.ts";
import { audit } from "../store/access/audit.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { runById } from "../store/runs/dag_run.ts";
import {
  type Annotations,
  holdAnnotations,
  type Labels,
  labelRuns,
  setNote,
  unlabelRun,
} from "../store/runs/run_label.ts";

/**
 * Writes a note on a run, in place of the note before. An empty note removes it.
 * @throws DagsmithError UNKNOWN_RUN, INVALID_ARGUMENT when it is too long
 */
export function noteRun(
  db: Database,
  { id, note, actor }: { readonly id: number; readonly note: string; readonly actor: string },
): Promise<void> {
  checkNote(note);
  const text = note.trim();
  return annotate(
    db,
    id,
    actor,
    "note",
    ({ note: is }) => ({ note: is }),
    (tx) => setNote(tx, id, text === "" ? null : text),
  );
}

/**
 * Gives a run labels; labels with other keys stay.
 * @param request.remove keys to remove
 * @throws DagsmithError UNKNOWN_RUN, INVALID_LABEL
 */
export function labelRun(
  db: Database,
  {
    id,
    labels,
    remove = [],
    actor,
  }: {
    readonly id: number;
    readonly labels: Labels;
    readonly remove?: readonly string[];
    readonly actor: string;
  },
): Promise<void> {
  checkLabels(labels);
  return annotate(
    db,
    id,
    actor,
    "label",
    ({ labels: are }) => ({ labels: are }),
    async (tx) => {
      await unlabelRun(tx, id, remove);
      await labelRuns(tx, [id], labels);
    },
  );
}

async function annotate(
  db: Database,
  id: number,
  actor: string,
  action: "note" | "label",
  shown: (of: Annotations) => Json,
  write: (tx: Queryable) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const run = await runById(tx, id);
    if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
    const before = shown(await holdAnnotations(tx, id));
    await write(tx);
    const after = shown(await holdAnnotations(tx, id));
    await audit(tx, { actor, action, dagId: run.dagId, runId: run.runId, before, after });
  });
}

/** @throws DagsmithError INVALID_LABEL */
export function checkLabels(labels: Labels): void {
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value);
}
