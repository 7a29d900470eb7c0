/**
 * Decides what stays out of a bundle: dagsmith itself, packages with native parts, which
 * only work from their own folder, and packages that the project names. A bundle needs
 * them at run time, so a missing package is refused here, while the author sees it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { ownModuleUrl } from "../own_modules.ts";
import { namedExternals } from "./project_settings.ts";

/** Marks our own requests to esbuild, which come back to this plugin. */
const ASKED_BY_US = Symbol("asked by the externals plugin");
const BARE = /^[^./]/;
const NATIVE_FILE = /\.(node|wasm)$/;

/** Why a package stays outside. */
type Outside = "native" | "external";

/**
 * The plugin, for builds of one DAG folder. It caches facts about packages: create a new
 * one for each load.
 */
export function externals(folder: string): Plugin {
  const nativePackages = new Map<string, boolean>();
  const kindOf = (
    specifier: string,
    named: readonly string[],
    home: string | undefined,
  ): Outside | undefined => {
    if (named.includes(packageName(specifier))) return "external";
    if (home === undefined) return undefined;
    const isNative = nativePackages.get(home) ?? shipsNativeParts(home);
    nativePackages.set(home, isNative);
    return isNative ? "native" : undefined;
  };
  return {
    name: "externals",
    setup(build) {
      const named = namedExternals(folder);
      build.onResolve({ filter: BARE }, (args) => {
        if (args.pluginData === ASKED_BY_US || args.kind === "entry-point" || isBuiltin(args.path))
          return undefined;
        if (args.path === "dagsmith" || args.path.startsWith("dagsmith/"))
          return ownModule(args.path);
        return resolvePackage(build, args, folder, (home) => kindOf(args.path, named, home));
      });
      build.onResolve({ filter: NATIVE_FILE }, (args) =>
        BARE.test(args.path) ? undefined : nativeFile(args),
      );
    },
  };
}

function ownModule(specifier: string): OnResolveResult {
  const url = ownModuleUrl(specifier);
  if (url !== undefined && existsSync(fileURLToPath(url)))
    return { path: specifier, external: true };
  return {
    errors: [{ text: `There is no "${specifier}". There are: ${ownModules().join(", ")}` }],
  };
}

function ownModules(): readonly string[] {
  const example = ownModuleUrl("dagsmith/plugins/any");
  const home = example === undefined ? "" : dirname(dirname(fileURLToPath(example)));
  const plugins = existsSync(home)
    ? readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  return [
    "dagsmith",
    "dagsmith/testing",
    ...plugins.map(({ name }) => `dagsmith/plugins/${name}`).sort(),
  ];
}

async function resolvePackage(
  build: PluginBuild,
  args: OnResolveArgs,
  folder: string,
  kindOf: (home: string | undefined) => Outside | undefined,
): Promise<OnResolveResult | undefined> {
  const resolve = (resolveDir: string) =>
    build.resolve(args.path, {
      kind: args.kind,
      importer: args.importer,
      resolveDir,
      pluginData: ASKED_BY_US,
    });
  const resolved = await resolve(args.resolveDir);
  // Left to esbuild, which knows the place of the import, and allows a guarded require of
  // an optional package.
  if (resolved.errors.length > 0 || resolved.external) return undefined;
  const kind =
    kindOf(packageHome(resolved.path)) ?? (NATIVE_FILE.test(resolved.path) ? "native" : undefined);
  if (kind === undefined) return undefined;
  if ((await resolve(folder)).errors.length === 0) return { path: args.path, external: true };
  const install = `Run: npm install ${packageName(args.path)}`;
  return {
    errors: [
      {
        text: `The ${kind} package "${args.path}" must be installed in the project itself. ${install}`,
      },
    ],
  };
}

/**
 * A compiled file cannot be part of a bundle. In a package, the package is kept external.
 * Next to the sources it is refused.
 */
function nativeFile(args: OnResolveArgs): OnResolveResult | undefined {
  const path = join(args.resolveDir, args.path);
  if (packageHome(path) !== undefined)
    return {
      path: path.slice(path.lastIndexOf("node_modules") + "node_modules/".length),
      external: true,
    };
  return {
    errors: [
      {
        text: `"${args.path}" is compiled code, which cannot be part of a bundle. Put it in a package and install that.`,
      },
    ],
  };
}

/**
 * The folder of the package in node_modules that holds a file; undefined for a file that
 * is not in one.
 */
export function packageHome(path: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];
}

/** Helpers with which native packages find their compiled part. */
const ADDON_LOADERS = [
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "prebuild-install",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
];
const PLATFORM = /(linux|darwin|win32)-(x64|arm64)/;

function shipsNativeParts(home: string): boolean {
  if (["binding.gyp", "src/binding.gyp", "prebuilds"].some((part) => existsSync(join(home, part))))
    return true;
  const manifest = readManifest(join(home, "package.json"));
  const names = (field: string): readonly string[] =>
    Object.keys((manifest[field] as object | undefined) ?? {});
  return (
    ["gypfile", "binary", "napi", "os", "cpu"].some((field) => manifest[field] !== undefined) ||
    names("dependencies").some((name) => ADDON_LOADERS.includes(name)) ||
    // Such packages choose, by name, the one package that was compiled for this machine.
    names("optionalDependencies").some((name) => PLATFORM.test(name))
  );
}

function readManifest(path: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
  } catch {
    // A package without a readable manifest is bundled like any file.
    return {};
  }
}

/** The package to install for an import: `@scope/name` for `@scope/name/part`. */
export function packageName(specifier: string): string {
  const [scope = "", name] = specifier.split("/");
  return scope.startsWith("@") && name !== undefined ? `${scope}/${name}` : scope;
}
