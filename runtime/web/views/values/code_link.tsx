/** Links to the code that ran: of a version, of a file of it, of a line of that file. */
import type { ComponentChildren, VNode } from "preact";

export function codeAddress(dagId: string, version: number, file?: string): string {
  const query = new URLSearchParams({ version: String(version), ...(file && { file }) });
  return `/dags/${dagId}/code?${query}`;
}

/** The version that code ran in. */
export interface CodePlace {
  readonly dagId: string;
  readonly version: number;
}

/**
 * A place in the code as stacks write it: a relative path, a line and perhaps a column.
 */
const PLACE = /((?:[\w@-][\w.@-]*\/)*[\w@-][\w.@-]*\.[cm]?[tj]sx?):(\d+)((?::\d+)?)/;

/** A stack whose places in the code of users are links to the lines. */
export function Stack({ text, of }: { readonly text: string; readonly of: CodePlace }): VNode {
  return (
    <pre>
      {text.split("\n").map((line, index) => (
        <>
          {index > 0 && "\n"}
          <StackLine line={line} of={of} />
        </>
      ))}
    </pre>
  );
}

interface StackLineProps {
  readonly line: string;
  readonly of: CodePlace;
}

function StackLine({ line, of }: StackLineProps): ComponentChildren {
  const found = /^\s+at /.test(line) ? PLACE.exec(line) : null;
  if (found === null || isForeign(line, found.index)) return line;
  const [place, file, number] = found;
  return (
    <>
      {line.slice(0, found.index)}
      <a href={`${codeAddress(of.dagId, of.version, file)}#L${number}`}>{place}</a>
      {line.slice(found.index + place.length)}
    </>
  );
}

/** Paths of packages, of Node, and absolute ones are no files of the DAG folder. */
function isForeign(line: string, at: number): boolean {
  return line.includes("node_modules/") || /[/:.]$/.test(line.slice(0, at));
}
