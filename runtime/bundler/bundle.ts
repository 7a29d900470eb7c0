/**
 * DAG files to bundles, with esbuild: each file becomes one ES module that needs nothing
 * but dagsmith, Node and native packages. The same sources give the same bytes wherever
 * the folder lies, so nothing here may let a path of this machine through.
 */
import { isBuiltin } from "node:module";
import {
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  build,
  type Message,
  type Metafile,
  type Plugin,
} from "esbuild";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Position } from "../../sdk/spec/index.ts";
import { externals, packageName } from "./externals.ts";
import { folderCalls, mayCallFolder } from "./folder_calls.ts";
import type { PackedFolder } from "./pack_folder.ts";
import { packageFileWarnings } from "./package_files.ts";
import { compareText, TEXT_FILES } from "./text.ts";
import { contentHash, type ImportError, type ImportWarning, importError } from "./version.ts";
import { SOURCE_MAP_LINE } from "./write.ts";

/** A DAG file and all files that it imports, as one module. */
export interface Bundle {
  /** Relative to the DAG folder, like every path here. */
  readonly file: string;
  readonly bundleHash: string;
  readonly code: Buffer;
  readonly sourceMap: Buffer;
  /** The files from which it was built. */
  readonly inputs: readonly string[];
  /** The folders that are part of it, each content once. */
  readonly folders: readonly PackedFolder[];
  /** Whether any of them imports dagsmith; without such an import there is no DAG. */
  readonly usesDagsmith: boolean;
  /** Whether it imports packages from where it runs: their code is not part of it. */
  readonly usesPackages: boolean;
  readonly warnings: readonly ImportWarning[];
}

/**
 * Together in one build, files share the parsing of what they import; a file with an
 * error fails its whole build.
 */
const FILES_PER_BUILD = 50;

type Result = BuildResult<BuildOptions & { readonly write: false; readonly metafile: true }>;

/**
 * Bundles DAG files. A file with an error does not stop the others.
 * @param files paths relative to `folder`, which is absolute
 */
export async function bundleAll(
  files: readonly string[],
  folder: string,
): Promise<{ readonly bundles: readonly Bundle[]; readonly errors: readonly ImportError[] }> {
  const plugin = externals(folder);
  const batches = Array.from({ length: Math.ceil(files.length / FILES_PER_BUILD) }, (_, index) =>
    files.slice(index * FILES_PER_BUILD, (index + 1) * FILES_PER_BUILD),
  );
  const outcomes: (Bundle | ImportError)[] = [];
  for (const batch of batches) outcomes.push(...(await bundleBatch(batch, folder, plugin)));
  return {
    bundles: outcomes.filter((outcome) => "bundleHash" in outcome),
    errors: outcomes.filter((outcome): outcome is ImportError => !("bundleHash" in outcome)),
  };
}

/**
 * Bundles one DAG file.
 * @throws DagsmithError BUNDLE_FAILED with file:line and what to do
 */
export async function bundle(file: string, folder: string): Promise<Bundle> {
  try {
    const plugin = externals(folder);
    const result = await buildTogether([file], folder, [plugin]);
    return await withFolders(bundleOf(file, 0, result, folder), folder, plugin);
  } catch (error) {
    throw bundleFailed(file, messagesOf(error)).error;
  }
}

async function bundleBatch(
  batch: readonly string[],
  folder: string,
  plugin: Plugin,
): Promise<readonly (Bundle | ImportError)[]> {
  try {
    const result = await buildTogether(batch, folder, [plugin]);
    const bundles = batch.map((file, index) => bundleOf(file, index, result, folder));
    return await Promise.all(bundles.map((bundle) => withFolders(bundle, folder, plugin)));
  } catch (failure) {
    const [file, ...others] = batch;
    if (file === undefined) return [];
    if (others.length > 0)
      return (await Promise.all(batch.map((one) => bundleBatch([one], folder, plugin)))).flat();
    const { error, at } = bundleFailed(file, messagesOf(failure));
    return [importError(file, error, at)];
  }
}

/**
 * The bundle with the folders that it names. A file that names none is not built again.
 */
async function withFolders(bundle: Bundle, folder: string, plugin: Plugin): Promise<Bundle> {
  if (!bundle.usesDagsmith || !mayCallFolder(bundle.code)) return bundle;
  const folders: PackedFolder[] = [];
  const plugins = [plugin, folderCalls(folder, folders)];
  const result = await buildTogether([bundle.file], folder, plugins);
  return { ...bundleOf(bundle.file, 0, result, folder), folders };
}

function buildTogether(
  files: readonly string[],
  folder: string,
  plugins: readonly Plugin[],
): Promise<Result> {
  return build({
    entryPoints: files.map((file, index) => ({ in: `./${file}`, out: String(index) })),
    absWorkingDir: folder,
    outdir: ".",
    write: false,
    metafile: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    keepNames: true,
    sourcemap: "external",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    loader: Object.fromEntries(TEXT_FILES.map((extension) => [extension, "text"])),
    // CommonJS packages may use their path; an ES module has it under other names.
    define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
    plugins: [...plugins],
  });
}

function bundleOf(
  file: string,
  index: number,
  { outputFiles, metafile, warnings }: Result,
  folder: string,
): Bundle {
  const output = (suffix: string): string =>
    outputFiles.find(({ path }) => basenameOf(path) === `${index}${suffix}`)?.text ?? "";
  const code = Buffer.from(`${withRequire(output(".js"))}${SOURCE_MAP_LINE}`);
  const inputs = inputsOf(file, metafile);
  const imported = (metafile.outputs[`${index}.js`]?.imports ?? []).map(({ path }) => path);
  return {
    file,
    bundleHash: contentHash(code),
    code,
    sourceMap: Buffer.from(output(".js.map")),
    inputs,
    folders: [],
    usesDagsmith: imported.some(isDagsmith),
    usesPackages: imported.some((path) => !isDagsmith(path) && !isBuiltin(path)),
    warnings: [
      ...warnings
        .filter(({ location }) => inputs.includes(location?.file ?? ""))
        .map((warning) => warningOf(file, warning)),
      ...packageFileWarnings(file, metafile.outputs[`${index}.js`], folder),
    ],
  };
}

function isDagsmith(specifier: string): boolean {
  return specifier === "dagsmith" || specifier.startsWith("dagsmith/");
}

function basenameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/**
 * Gives bundled CommonJS code the `require` that an ES module does not have. Only where
 * esbuild's replacement shows that some code needs it: there esbuild has also renamed any
 * `require` of the user's. On the same line, so that the source map stays right.
 */
function withRequire(code: string): string {
  const banner =
    'import { createRequire as __dagsmithCreateRequire } from "node:module"; const require = __dagsmithCreateRequire(import.meta.url); ';
  return code.replace(/^var __require = /m, (shim) => banner + shim);
}

/**
 * All files that `file` imports, directly or not, also those without code in the output.
 */
function inputsOf(file: string, { inputs }: Metafile): readonly string[] {
  const reached = new Set([file]);
  for (const path of reached) {
    for (const imported of inputs[path]?.imports ?? [])
      if (!imported.external && imported.path in inputs) reached.add(imported.path);
  }
  return [...reached].sort(compareText);
}

function warningOf(file: string, { text, location }: Message): ImportWarning {
  const place = location && location.file !== file ? `${location.file}:${location.line}: ` : "";
  return {
    file,
    line: place === "" ? (location?.line ?? null) : null,
    code: "BUNDLER",
    message: `${place}${text}`,
  };
}

function messagesOf(failure: unknown): readonly Message[] {
  const errors = (failure as Partial<BuildFailure>).errors;
  if (errors === undefined || errors.length === 0) throw failure;
  return errors;
}

function bundleFailed(
  file: string,
  [first, ...others]: readonly Message[],
): { readonly error: DagsmithError; readonly at: Position } {
  const at: Position = { file: first?.location?.file ?? file, line: first?.location?.line ?? 1 };
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  const error = new DagsmithError("BUNDLE_FAILED", {
    ...at,
    reason: `${adviceFor(first?.text ?? "it cannot be bundled")}${more}`,
  });
  return { error, at };
}

function adviceFor(text: string): string {
  const missing = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (missing !== undefined) return missingAdvice(missing);
  if (text.startsWith("No loader is configured"))
    return `${text}. What can be imported: .ts, .js, .json, and as text ${TEXT_FILES.join(", ")}.`;
  return text;
}

function missingAdvice(specifier: string): string {
  if (/^[./]/.test(specifier))
    return `"${specifier}" does not exist. Paths in imports are relative to the importing file.`;
  return `The package "${packageName(specifier)}" is not installed. Run: npm install ${packageName(specifier)}`;
}
