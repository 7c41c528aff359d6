/** Streams in both directions, in every way there is. */

import { Subject } from '@microsoft/signalr';
import { expect, test } from '@playwright/test';
import { called, collect, connect, stopConnectionsAfterEachTest } from './support/connections.ts';
import { hosts } from './support/hosts.ts';
import { ways } from './support/ways.ts';

stopConnectionsAfterEachTest();

for (const way of ways) {
  test.describe(way.name, () => {
    const connectToTestHub = () => connect(`${hosts.http}/testHub`, way);

    test('a stream yields its items in order and completes, also when it has none', async () => {
      const connection = await connectToTestHub();

      const [letters, again, nothing] = await Promise.all([
        collect(connection, 'Stream'),
        collect(connection, 'Stream'),
        collect(connection, 'EmptyStream'),
      ]);

      expect([letters, again, nothing]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], []]);
    });

    test('a stream that cannot begin says why', async () => {
      const connection = await connectToTestHub();

      await expect(collect(connection, 'StreamThrowException', 'no stream')).rejects.toThrow(
        "An unexpected error occurred invoking 'StreamThrowException' on the server. InvalidOperationException: no stream",
      );
      await expect(collect(connection, 'Nowhere')).rejects.toThrow(
        "Failed to invoke 'Nowhere' due to an error on the server. HubException: Method does not exist.",
      );
      await expect(collect(connection, 'Echo', 'a word')).rejects.toThrow(
        "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
      );
      expect(await collect(connection, 'Stream')).toEqual(['a', 'b', 'c']);
    });

    test('an endless stream ends when the client has enough of it', async () => {
      const connection = await connectToTestHub();
      const canceled = called(connection, 'StreamCanceled');

      const subscription = connection.stream('InfiniteStream').subscribe({
        next: () => undefined,
        error: () => undefined,
        complete: () => undefined,
      });
      // Proves that the stream was running: the hub takes calls in order.
      expect(await connection.invoke('Echo', 'meanwhile')).toBe('meanwhile');
      subscription.dispose();

      expect(await canceled).toEqual([]);
    });

    test('what the client streams reaches the method, more than fits its buffer too', async () => {
      const connection = await connectToTestHub();
      const words = new Subject<string>();
      const sentence = connection.invoke('StreamingConcat', words);

      const numbers = Array.from({ length: 200 }, (_, index) => `${index},`);
      for (const number of numbers) words.next(number);
      words.complete();

      expect(await sentence).toBe(numbers.join(''));
    });

    test('an error in what the client streams reaches the method', async () => {
      const connection = await connectToTestHub();
      const words = new Subject<string>();
      const sentence = connection.invoke('StreamingConcat', words);

      words.next('so far so good');
      words.error(new Error('lost the thread'));

      await expect(sentence).rejects.toThrow(
        "An unexpected error occurred invoking 'StreamingConcat' on the server. HubException: lost the thread",
      );
      expect(await connection.invoke('Echo', 'still here')).toBe('still here');
    });

    test('two uploads and a stream go on beside each other', async () => {
      const connection = await connectToTestHub();
      const [one, two] = [new Subject<string>(), new Subject<string>()];
      const first = connection.invoke('StreamingConcat', one);
      const second = connection.invoke('StreamingConcat', two);

      one.next('a');
      two.next('1');
      const letters = collect(connection, 'Stream');
      one.next('b');
      two.next('2');
      two.complete();
      expect(await second).toBe('12');
      one.complete();

      expect(await first).toBe('ab');
      expect(await letters).toEqual(['a', 'b', 'c']);
    });
  });
}
