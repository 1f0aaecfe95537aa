/**
 * The picker of grpc-js' policy `round_robin`, as a channel with connections to all endpoints has it.
 *
 * @module
 */
import { loadPeer } from "../load_peer.ts";

interface Picker {
  pick(args: object): unknown;
}

interface Balancer {
  updateAddressList(list: object, config: object, options: object, note: string): boolean;
}

/** ConnectivityState.READY. */
const READY = 2;

/** Makes one; no connection is opened. */
export function roundRobinPicker(
  endpoints: readonly { address: string; port: number }[],
): Picker {
  const { RoundRobinLoadBalancer } = loadPeer<{
    RoundRobinLoadBalancer: new (helper: object) => Balancer;
  }>("@grpc/grpc-js/build/src/load-balancer-round-robin.js");
  const { parseLoadBalancingConfig } = loadPeer<{
    parseLoadBalancingConfig(config: object): object;
  }>("@grpc/grpc-js/build/src/load-balancer.js");
  let current: Picker | undefined;
  const balancer = new RoundRobinLoadBalancer({
    createSubchannel: connectedSubchannel,
    updateState: (_: number, picker: Picker) => current = picker,
    requestReresolution() {},
    addChannelzChild() {},
    removeChannelzChild() {},
  });
  const value = endpoints.map(({ address: host, port }) => ({ addresses: [{ host, port }] }));
  // The policies register themselves when the package is loaded.
  loadPeer("@grpc/grpc-js");
  const config = parseLoadBalancingConfig({ round_robin: {} });
  balancer.updateAddressList({ ok: true, value }, config, {}, "");
  if (current === undefined) throw new Error("Cannot pick: round_robin has no picker");
  return current;
}

function connectedSubchannel(address: { host: string; port: number }): object {
  const subchannel = {
    getConnectivityState: () => READY,
    addConnectivityStateListener() {},
    removeConnectivityStateListener() {},
    startConnecting() {},
    getAddress: () => `${address.host}:${address.port}`,
    getChannelzRef: () => ({}),
    isHealthy: () => true,
    addHealthStateWatcher() {},
    removeHealthStateWatcher() {},
    realSubchannelEquals: (other: object) => other === subchannel,
    ref() {},
    unref() {},
  };
  return subchannel;
}
