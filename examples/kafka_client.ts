/**
 * kafkajs with the brokers that Consul lists. They are only the first addresses: from then on the
 * brokers themselves say where the others are.
 */
import type { Piloted } from "@piloted/core";
import { Kafka, type KafkaConfig } from "kafkajs";

/**
 * Makes a Kafka client that asks for its brokers each time it has to begin anew.
 *
 * @param piloted Watches the brokers.
 * @param service Name of their service.
 * @param options Further options of kafkajs.
 * @returns The client.
 */
export function kafkaFor(
  piloted: Piloted,
  service: string,
  options: Omit<KafkaConfig, "brokers"> = {},
): Kafka {
  return new Kafka({
    ...options,
    brokers: () => piloted.serviceHosts(service).map(({ host }) => host),
  });
}
