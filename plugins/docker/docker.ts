/** The operator that runs a container. */
import { type Json, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import {
  checkEnd,
  checkOutput,
  type ProcessEnd,
  ProcessError,
  ProcessLog,
  type ProcessResult,
  processEnvironment,
} from "dagsmith/plugins/process";
import type Docker from "dockerode";
import { getFiles, getOutput, PLACES, putInput } from "./archive.ts";
import { runContainer } from "./container.ts";
import { type Engine, engineError, openEngine } from "./engine.ts";
import { provideImage } from "./image.ts";
import { labelsOf, remove, removeLeftOvers } from "./left_overs.ts";
import { type DockerOptions, type EngineLimits, limitsOf } from "./options.ts";

/**
 * Runs a container, and removes it whatever happens. It reads its task's inputs and
 * params as JSON from the file `$DAGSMITH_INPUT`; files among them are copied into it.
 * The engine is that of `DOCKER_HOST`, or the Docker of the machine. Needs the package
 * dockerode. Airflow: DockerOperator.
 * @returns a body whose output is what the container wrote to `$DAGSMITH_OUTPUT`
 * @throws FailTask when the image, its command or a mount does not exist, or the output
 *   does not fit; ProcessError for an exit code other than 0; Error when the engine or a
 *   registry does not answer; DagsmithError PACKAGE_MISSING, INVALID_ARGUMENT
 * @example
 * d.task(
 *   "load",
 *   docker({
 *     image: "loader:3",
 *     command: ({ params }) => ["load", params.table],
 *     env: { DAY: ({ logicalDate }) => logicalDate.toISODate() },
 *     resources: { cpus: 1, memory: "512m" },
 *   }),
 * );
 */
export function docker<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
>(options: DockerOptions<Output, Context, Files>): TaskBody<ProcessResult<Output, Files>, Context> {
  const limits = limitsOf(options.resources);
  return async function docker(context) {
    const engine = await openEngine(context.signal);
    const image = await resolveField(options.image, context);
    const { pullPolicy: policy = "missing", registry: id } = options;
    const registry = id === undefined ? null : await context.connection(id);
    const source = { name: image, policy, registry };
    const { Config } = await provideImage(engine, source, context.signal);
    const labels = await labelsOf(context);
    await removeLeftOvers(engine, labels, context.log);
    const spec = await specOf({ image, limits, labels }, options, context);
    context.rendered({ image, command: spec.Cmd });
    const container = await create(engine, spec);
    try {
      return await runIn(engine, container, { image, folder: Config.WorkingDir }, options, context);
    } finally {
      await remove(container, context.log);
    }
  };
}

/** What the engine gets for a container. */
async function specOf<Context extends TaskContext>(
  given: {
    readonly image: string;
    readonly limits: EngineLimits;
    readonly labels: Readonly<Record<string, string>>;
  },
  options: DockerOptions<unknown, Context, string>,
  context: Context,
): Promise<Docker.ContainerCreateOptions> {
  const command = await resolveField(options.command, context);
  const network = await resolveField(options.network, context);
  const mounts = (await resolveField(options.mounts, context)) ?? [];
  const env = await processEnvironment(options, context, PLACES);
  return {
    Image: given.image,
    ...(command !== undefined && { Cmd: command.map(String) }),
    // A name without a value removes the variable of the image.
    Env: Object.entries(env).map(([name, value]) =>
      value === undefined ? name : `${name}=${value}`,
    ),
    Labels: { ...given.labels },
    HostConfig: {
      ...given.limits,
      ...(network !== undefined && { NetworkMode: network }),
      Mounts: mounts.map(({ source, target, readOnly = false }) => ({
        Type: source.startsWith("/") ? "bind" : "volume",
        ...{ Source: source, Target: target, ReadOnly: readOnly },
      })),
    },
  };
}

function create(engine: Engine, spec: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  return engine.client.createContainer(spec).catch((error: unknown) => {
    throw engineError(engine, `Creating the container of ${spec.Image}`, error);
  });
}

async function runIn<Output, Context extends TaskContext, Files extends string>(
  engine: Engine,
  container: Docker.Container,
  { image, folder }: { readonly image: string; readonly folder: string },
  options: DockerOptions<Output, Context, Files>,
  context: Context,
): Promise<ProcessResult<Output, Files>> {
  const name = `The container of ${image}`;
  await putInput(engine, container, context);
  const log = new ProcessLog(context.log, options.logLevels);
  const { exitCode, isOutOfMemory } = await runContainer(
    engine,
    container,
    { name: `the container of ${image}`, log },
    context.signal,
  );
  const end = { exitCode, signal: null, ...log.end() };
  refuseOutOfMemory(name, isOutOfMemory, end, options);
  checkEnd(name, end, options);
  const written = await getOutput(engine, container);
  const output = await checkOutput(written, end.lastStdout, options.output);
  if (options.files === undefined) return output as ProcessResult<Output, Files>;
  const place = { names: options.files, folder: folder || "/" };
  const files = await getFiles(engine, container, place, context.files);
  return { output, files } as ProcessResult<Output, Files>;
}

/** The exit code after SIGKILL. Not every engine says why it was sent. */
const KILLED = 137;

function refuseOutOfMemory(
  name: string,
  isCertain: boolean,
  end: ProcessEnd,
  { resources }: Pick<DockerOptions, "resources">,
): void {
  const limit = resources?.memory;
  if (isCertain && limit === undefined)
    throw new ProcessError(
      `${name} was out of memory. Set resources.memory to what it needs.`,
      end,
    );
  if (limit === undefined || !(isCertain || end.exitCode === KILLED)) return;
  const how = isCertain ? "was out of memory" : "was killed, as when it is out of memory";
  throw new ProcessError(`${name} ${how}. Its limit is ${limit}: raise resources.memory.`, end);
}
