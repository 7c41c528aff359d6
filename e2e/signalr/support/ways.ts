import {
  HttpTransportType,
  type IHttpConnectionOptions,
  type IHubProtocol,
  JsonHubProtocol,
} from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';

/** One way to talk to a hub: a protocol over a transport. */
export interface Way {
  readonly name: string;
  readonly options: Readonly<Pick<IHttpConnectionOptions, 'transport' | 'skipNegotiation'>>;
  readonly isBinary: boolean;
  protocol(): IHubProtocol;
}

const json = { isBinary: false, protocol: () => new JsonHubProtocol() };
const messagePack = { isBinary: true, protocol: () => new MessagePackHubProtocol() };

const webSockets = { transport: HttpTransportType.WebSockets };
const serverSentEvents = { transport: HttpTransportType.ServerSentEvents };
const longPolling = { transport: HttpTransportType.LongPolling };
const unannounced = { ...webSockets, skipNegotiation: true };

/** Every protocol over every transport that can carry it. */
export const ways: readonly Way[] = [
  { name: 'JSON over WebSockets', options: webSockets, ...json },
  { name: 'JSON over WebSockets without negotiation', options: unannounced, ...json },
  { name: 'JSON over Server-Sent Events', options: serverSentEvents, ...json },
  { name: 'JSON over long polling', options: longPolling, ...json },
  { name: 'MessagePack over WebSockets', options: webSockets, ...messagePack },
  { name: 'MessagePack over WebSockets without negotiation', options: unannounced, ...messagePack },
  { name: 'MessagePack over long polling', options: longPolling, ...messagePack },
];

/** The ways in which a client learns its connection's id. */
export const negotiatedWays = ways.filter(({ options }) => options !== unannounced);

/** One way per transport. */
export const transports = ways.filter(
  ({ options, isBinary }) => !isBinary && options !== unannounced,
);
