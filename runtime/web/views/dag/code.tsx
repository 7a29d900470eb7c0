/** The code of a version of a DAG, by file, or what changed since another version. */
import type { VNode } from "preact";
import type { OfferedVersion } from "../../../store/reads/code.ts";
import { highlightLines } from "../../code/highlight.ts";
import { type DiffLine, lineDiff } from "../../code/line_diff.ts";
import type { SourceFile } from "../../code/source_files.ts";
import { codeAddress } from "../values/code_link.tsx";

export interface CodeTabProps {
  readonly dagId: string;
  readonly versions: readonly OfferedVersion[];
  readonly version: number;
  readonly files: readonly SourceFile[];
  /** The file that is shown; undefined: the version has no files that people wrote. */
  readonly file: SourceFile | undefined;
  /** The version to compare with, and its file of the same path; null: no comparison. */
  readonly against: { readonly version: number; readonly text: string } | null;
}

export function CodeTab(props: CodeTabProps): VNode {
  const { dagId, file, files, version, against } = props;
  if (file === undefined)
    return <p class="nothing">The sources of version {version} are not stored with its bundle.</p>;
  return (
    <>
      <Choices {...props} />
      {files.length > 1 && (
        <nav class="chips" aria-label="Files">
          {files.map(({ path }) => (
            <a
              href={codeAddress(dagId, version, path)}
              aria-current={path === file.path ? "page" : undefined}
            >
              {path}
            </a>
          ))}
        </nav>
      )}
      {against === null ? <Code file={file} /> : <Diff file={file} before={against.text} />}
    </>
  );
}

function Choices({ dagId, versions, version, file, against }: CodeTabProps): VNode {
  return (
    <form class="filters" method="get" action={`/dags/${dagId}/code`}>
      <input type="hidden" name="file" value={file?.path} />
      <VersionChoice label="Version" name="version" versions={versions} chosen={version} />
      <VersionChoice
        label="Compared with"
        name="against"
        versions={versions}
        chosen={against?.version ?? null}
        none
      />
      <button type="submit" class="button">
        Show
      </button>
    </form>
  );
}

interface VersionChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly versions: readonly OfferedVersion[];
  readonly chosen: number | null;
  /** Whether no version may be chosen. */
  readonly none?: boolean;
}

function VersionChoice(props: VersionChoiceProps): VNode {
  const { label, name, versions, chosen, none = false } = props;
  const isOffered = versions.some(({ number }) => number === chosen);
  return (
    <label>
      <span>{label}</span>
      <select name={name}>
        {none && <option value="">nothing</option>}
        {chosen !== null && !isOffered && (
          <option value={chosen} selected>
            {chosen}
          </option>
        )}
        {versions.map((version) => (
          <option value={version.number} selected={version.number === chosen}>
            {versionText(version)}
          </option>
        ))}
      </select>
    </label>
  );
}

function versionText({ number, createdAt, isCurrent }: OfferedVersion): string {
  return `${number} · ${createdAt.toISOString().slice(0, 10)}${isCurrent ? " · current" : ""}`;
}

function Code({ file: { path, text } }: { readonly file: SourceFile }): VNode {
  return (
    <section class="code" aria-label={path}>
      <ol>
        {highlightLines(text, path).map((html, index) => (
          <li id={`L${index + 1}`}>
            <a href={`#L${index + 1}`} aria-label={`Line ${index + 1}`}>
              {index + 1}
            </a>
            <code dangerouslySetInnerHTML={{ __html: html }} />
          </li>
        ))}
      </ol>
    </section>
  );
}

const SIGNS = { same: " ", added: "+", removed: "−", gap: "…" } as const;

function Diff({ file, before }: { readonly file: SourceFile; readonly before: string }): VNode {
  const lines = lineDiff(before, file.text);
  if (lines === undefined) return <p class="nothing">The files differ too much to compare them.</p>;
  if (lines.length === 0) return <p class="nothing">This file is the same in both versions.</p>;
  return (
    <section class="code diff" aria-label={`Changes of ${file.path}`}>
      <ol>
        {lines.map((line) => (
          <ChangedLine line={line} />
        ))}
      </ol>
    </section>
  );
}

function ChangedLine({ line: { type, text, before, after } }: { readonly line: DiffLine }): VNode {
  return (
    <li class={type}>
      <span class="place">{before}</span>
      <span class="place">{after}</span>
      <span class="sign">{SIGNS[type]}</span>
      <code>{text}</code>
    </li>
  );
}
