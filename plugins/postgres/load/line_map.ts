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
  /** Whether the rows from here on are one record, up to the next step. */
  readonly isOne: boolean;
}

export class LineMap {
  /** What the numbers are, for errors. */
  readonly unit: "line" | "row";
  #rows = 0;
  #expected = 0;
  #steps: Step[] = [];
  #older: readonly Step[] = [];

  constructor(unit: "line" | "row" = "line") {
    this.unit = unit;
  }

  /** Notes a row before the first that stands on no line: the header of a COPY. */
  addHeader(): void {
    this.#rows += 1;
  }

  /** Notes the next rows, which stand on lines that follow each other. */
  add(line: number, rows = 1): void {
    if (line !== this.#expected) this.#note({ row: this.#rows + 1, line, isOne: false });
    this.#rows += rows;
    this.#expected = line + rows;
  }

  /** Notes a record that COPY counts as several rows; it begins on the line. */
  addLong(line: number, rows: number): void {
    this.#note({ row: this.#rows + 1, line, isOne: true });
    this.#rows += rows;
    this.#expected = 0;
  }

  /** The line of a row, both counted from 1. */
  lineOf(row: number): number {
    const step =
      this.#steps.findLast((step) => step.row <= row) ??
      this.#older.findLast((step) => step.row <= row);
    if (step === undefined) return row;
    return step.isOne ? step.line : step.line + row - step.row;
  }

  #note(step: Step): void {
    if (this.#steps.length === REMEMBERED) {
      this.#older = this.#steps;
      this.#steps = [];
    }
    this.#steps.push(step);
  }
}
