/**
 * The output of commands: lines for people and the JSON document on stdout, remarks and
 * errors on stderr. No other file in cli/ writes to the process's streams.
 */
import { stripVTControlCharacters, styleText } from "node:util";

type Paint = (text: string) => string;

/** Colours; each returns the text unchanged when colours are off. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

export interface Terminal {
  /** Whether the output is a terminal: then lines may be coloured. */
  readonly isInteractive: boolean;
  readonly style: Style;
  /** Prints a line for people, or the one JSON document. */
  out(line: string): void;
  /** Prints a remark that is not the result. */
  note(line: string): void;
  /**
   * Waits until all output was passed to the operating system, so that the process may
   * end.
   */
  flush(): Promise<void>;
}

/** The terminal of this process. */
export function processTerminal(colorAllowed: boolean): Terminal {
  // The reader of a pipe may exit early (`dag runs | head`): that is no failure of the
  // command.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  const isInteractive = process.stdout.isTTY === true;
  const drained = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => stream.write("", () => resolve()));
  return {
    isInteractive,
    style: styleOf(isInteractive && colorAllowed),
    out: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    flush: async () => void (await Promise.all([drained(process.stdout), drained(process.stderr)])),
  };
}

function styleOf(colored: boolean): Style {
  const paint =
    (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan"): Paint =>
    (text) =>
      colored ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
  };
}

/**
 * Text from tasks and files, made harmless: it must not move the cursor, change the
 * window's title or imitate our lines.
 */
export function safeText(text: string): string {
  return stripVTControlCharacters(text).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are removed here
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    "\ufffd",
  );
}
