/** A broker of Apache Kafka, from the jars of Maven Central, with data of its own. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Admin } from "@platformatic/kafka";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { runs } from "./python_packages.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
const VERSION = "3.9.1";
const FOLDER = join(tmpdir(), `dagsmith-kafka-${VERSION}`);
const CLASSES = join(FOLDER, "lib", "*");

/** The class path of its jars; fetched by Maven when they are missing, and kept. */
export async function findKafka(): Promise<Counterpart<string>> {
  if (!(await runs("java", "-version")))
    return { missing: "no java; install a JRE of 17 or later" };
  if (await isComplete()) return { found: CLASSES };
  if (!(await runs("mvn", "-v"))) return { missing: "no mvn; install maven" };
  try {
    // Jars of a download that was cut short must not stay.
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, "pom.xml"), POM);
    const goal = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"];
    await run("mvn", goal, { cwd: FOLDER });
    return { found: CLASSES };
  } catch (error) {
    return { missing: `Kafka cannot be fetched: ${String(error).slice(0, 200)}` };
  }
}

const isComplete = (): Promise<boolean> =>
  run("java", ["-cp", CLASSES, "kafka.tools.StorageTool", "random-uuid"]).then(
    () => true,
    () => false,
  );

export interface KafkaServer {
  /** Without a login. */
  readonly port: number;
  /** With the login `etl`, whose password is `secret`, over SASL PLAIN. */
  readonly loginPort: number;
  readonly admin: Admin;
  stop(): Promise<void>;
}

/** A broker alone, whose topics have to be made. */
export async function startKafka(classes: string): Promise<KafkaServer> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-broker-"));
  const [port, loginPort, controller] = [await freePort(), await freePort(), await freePort()];
  const file = join(folder, "server.properties");
  await writeFile(file, settings({ folder, port, loginPort, controller }));
  const format = ["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", file];
  await run("java", ["-cp", classes, ...format]);
  const args = ["-Xmx256m", "-cp", classes, "kafka.Kafka", file];
  const server = spawn("java", args, { stdio: "ignore" });
  const exited = once(server, "exit");
  const admin = new Admin({ clientId: "tests", bootstrapBrokers: [`127.0.0.1:${port}`] });
  await until("the start of Kafka", () => answers(admin));
  return {
    ...{ port, loginPort, admin },
    stop: async () => {
      await admin.close();
      server.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

const answers = (admin: Admin): Promise<boolean> =>
  admin.metadata({ topics: [], forceUpdate: true }).then(
    ({ brokers }) => brokers.size > 0,
    () => false,
  );

const CLUSTER = "ZGFnc21pdGgtdGVzdHMtMQ";

const settings = (of: {
  readonly folder: string;
  readonly port: number;
  readonly loginPort: number;
  readonly controller: number;
}): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${of.controller}
controller.listener.names=CONTROLLER
listeners=PLAIN://127.0.0.1:${of.port},LOGIN://127.0.0.1:${of.loginPort},CONTROLLER://127.0.0.1:${of.controller}
advertised.listeners=PLAIN://127.0.0.1:${of.port},LOGIN://127.0.0.1:${of.loginPort}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,LOGIN:SASL_PLAINTEXT
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=PLAIN
listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_etl="secret";
log.dirs=${join(of.folder, "data")}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dagsmith</groupId><artifactId>broker</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version>
  </dependency></dependencies>
</project>
`;
