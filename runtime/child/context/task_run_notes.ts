/** The labels and the note of a run as a task writes them. */
import { checkLabel, checkNote, type RunNotes } from "../../../sdk/task/run_notes.ts";

/** Where labels and notes are written. */
export interface RunNotesHost {
  labelRun(key: string, value: string): Promise<void>;
  /** @param text empty: removes the note */
  noteRun(text: string): Promise<void>;
}

export function runNotes(host: RunNotesHost): RunNotes {
  return {
    label: async (key, value) => {
      checkLabel(key, value);
      await host.labelRun(key, value);
    },
    note: async (text) => {
      checkNote(text);
      await host.noteRun(text.trim());
    },
  };
}
