/** Bash scripts: values of the run stay apart from the text, as `sh` wants them. */
import { type Code, code, combine, NotCarried, textLiteral } from "../code.ts";
import type { Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import { asText, contextFunction, type RunValue } from "./run_value.ts";

/**
 * The body of a task that runs a script.
 * @throws NotCarried for what only Python knows
 */
export function shellBody(script: Value, options: Code | null, carry: Carry): Code {
  const pieces = piecesOf(script, carry);
  const values = pieces.filter((piece) => typeof piece !== "string");
  const more = options ? [options] : [];
  const [only] = values;
  // The whole script is a value: bash reads it as a script.
  if (only && pieces.length === 1) {
    const list = contextFunction(`["bash", "-c", ${asText(only)}]`, values);
    return body("exec", code(list, "process:exec"), more);
  }
  if (values.length === 0)
    return body("shell", code(textLiteral(pieces.join("")), "process:shell"), more);
  const text = contextFunction(`sh\`${scriptText(pieces)}\``, values);
  return body("shell", code(text, "process:shell", "process:sh"), more);
}

function body(operator: string, first: Code, more: readonly Code[]): Code {
  return combine([first, ...more], (texts) => `${operator}(${texts.join(", ")})`);
}

/** Backslashes that would escape what follows them in sh`…`, which keeps each one. */
const ESCAPING = /(?<!\\)(?:\\\\)*\\(?=`|\$\{|$)/;

/**
 * The text within sh`…`. Bash expands no variable in single quotes, so the quotes end
 * before a value and begin again after it.
 */
function scriptText(pieces: readonly Piece[]): string {
  let quote: Quote = "";
  return pieces
    .map((piece) => {
      if (typeof piece === "string" && ESCAPING.test(piece))
        throw new NotCarried("the script has a backslash before `, ${ or a value");
      if (typeof piece !== "string") return quote === "'" ? `'"${hole(piece)}"'` : hole(piece);
      quote = quoteAfter(piece, quote);
      return piece.replace(/`|\$\{/g, (found) => `\\${found}`);
    })
    .join("");
}

function hole(value: RunValue): string {
  return `\${${value.type === "text" || value.type === "number" ? value.text : asText(value)}}`;
}

type Quote = "" | "'" | '"';

/** In which quotes bash is after a text. */
function quoteAfter(text: string, before: Quote): Quote {
  let quote = before;
  for (const [found] of text.matchAll(/\\[\s\S]|'|"/g)) {
    if (found === "'" && quote !== '"') quote = quote === "'" ? "" : "'";
    else if (found === '"' && quote !== "'") quote = quote === '"' ? "" : '"';
    else if (quote === "'" && found.endsWith("'") && found.length > 1) quote = "";
  }
  return quote;
}
