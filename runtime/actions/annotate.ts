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

interface NoteRequest {
  readonly id: number;
  readonly note: string;
  /** Whether the note is the one that the editor has read; empty: none. Default: any. */
  readonly isAsRead?: (note: string) => boolean;
  readonly actor: string;
}

/**
 * Writes a note on a run, in place of the note before. An empty note removes it.
 * @throws DagsmithError UNKNOWN_RUN, CHANGED_MEANWHILE, INVALID_ARGUMENT when it is too long
 */
export function noteRun(
  db: Database,
  { id, note, isAsRead = () => true, actor }: NoteRequest,
): Promise<void> {
  checkNote(note);
  const text = note.trim();
  return annotate(
    db,
    id,
    actor,
    "note",
    ({ note: is }) => ({ note: is }),
    (tx, before) => {
      if (!isAsRead(before.note ?? ""))
        throw new DagsmithError("CHANGED_MEANWHILE", { kind: "note of run", id });
      return setNote(tx, id, text === "" ? null : text);
    },
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
  write: (tx: Queryable, before: Annotations) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const run = await runById(tx, id);
    if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
    const before = await holdAnnotations(tx, id);
    await write(tx, before);
    const after = await holdAnnotations(tx, id);
    const states = { before: shown(before), after: shown(after) };
    await audit(tx, { actor, action, dagId: run.dagId, runId: run.runId, ...states });
  });
}

/** @throws DagsmithError INVALID_LABEL */
export function checkLabels(labels: Labels): void {
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value);
}
