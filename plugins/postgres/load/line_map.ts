/**
 * Which row of a COPY stands on which line of the file: PostgreSQL names a value by its
 * row, and rows may span lines or have blank lines between them. Pure.
 */

/** PostgreSQL is never further behind than the buffers of a connection hold. */
const REMEMBERED = 500_000;

/** A row whose line is not the one after that of the row before it. */
interface Step {
  readonly row: number;
  readonly line: number;
}

export class LineMap {
  #rows = 0;
  #expected = 0;
  #steps: Step[] = [];
  #older: readonly Step[] = [];

  /** Notes the next row. */
  add(line: number): void {
    this.#rows += 1;
    if (line !== this.#expected) this.#note({ row: this.#rows, line });
    this.#expected = line + 1;
  }

  /** The line of a row, both counted from 1. */
  lineOf(row: number): number {
    const step =
      this.#steps.findLast((step) => step.row <= row) ??
      this.#older.findLast((step) => step.row <= row);
    return step ? step.line + row - step.row : row;
  }

  #note(step: Step): void {
    if (this.#steps.length === REMEMBERED) {
      this.#older = this.#steps;
      this.#steps = [];
    }
    this.#steps.push(step);
  }
}
