/**
 * Markdown as elements of a page. It is built from the parsed parts and never from HTML,
 * so HTML in the text is shown as text.
 */
import { marked, type Token, type Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";

/** Links to elsewhere. A script or a file of the reader is no place for a link. */
const LINK = /^(?:https?:|mailto:|\/(?!\/)|#)/i;

export function Markdown({ text }: { readonly text: string }): VNode {
  return <div class="markdown">{partsOf(marked.lexer(text, { gfm: true, breaks: true }))}</div>;
}

function partsOf(tokens: readonly Token[] | undefined): readonly ComponentChildren[] {
  return (tokens ?? []).map(part);
}

/** Pages have headings of their own, so a heading of the text is a strong line. */
function part(token: Token): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return (
        <p>
          <strong>{partsOf(token.tokens)}</strong>
        </p>
      );
    case "paragraph":
      return <p>{partsOf(token.tokens)}</p>;
    case "list":
      return listOf(token as Tokens.List);
    case "blockquote":
      return <blockquote>{partsOf(token.tokens)}</blockquote>;
    case "code":
      return (
        <pre class="value">
          <code>{token.text}</code>
        </pre>
      );
    case "hr":
      return <hr />;
    default:
      return inline(token);
  }
}

/** An image would be loaded from elsewhere: its text is shown. */
function inline(token: Token): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong>{partsOf(token.tokens)}</strong>;
    case "em":
      return <em>{partsOf(token.tokens)}</em>;
    case "del":
      return <del>{partsOf(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return linkOf(token as Tokens.Link);
    case "escape":
      return token.text;
    case "text":
      return "tokens" in token && token.tokens ? partsOf(token.tokens) : token.raw;
    default:
      return token.raw;
  }
}

function listOf({ ordered, start, items }: Tokens.List): VNode {
  const rows = items.map((item) => <li>{partsOf(item.tokens)}</li>);
  return ordered ? <ol start={start === "" ? undefined : start}>{rows}</ol> : <ul>{rows}</ul>;
}

function linkOf({ href, tokens, raw }: Tokens.Link): ComponentChildren {
  if (!LINK.test(href)) return raw;
  return (
    <a href={href} rel="noreferrer">
      {partsOf(tokens)}
    </a>
  );
}
