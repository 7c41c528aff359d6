// The house law of imports, as an ESLint rule: `shared` imports nobody, `core` only `shared`, a feature
// `core` and `shared` but never another feature. And one place alone speaks SignalR.
import path from 'node:path';

const REALTIME = path.join('core', 'realtime', 'realtime-connection.ts');

/** The layer of a file below `src/app`: `shared`, `core`, `features/<name>`, or `app` for the root. */
function layerOf(file) {
  const parts = file.split(path.sep);
  if (parts[0] === 'shared' || parts[0] === 'core') return parts[0];
  return parts[0] === 'features' && parts.length > 2 ? `features/${parts[1]}` : 'app';
}

function mayImport(from, to) {
  if (from === to || from === 'app') return true;
  if (from === 'shared') return false;
  if (from === 'core') return to === 'shared';
  return to === 'core' || to === 'shared';
}

export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      direction: '{{from}} must not import {{to}}.',
      signalr: 'Only core/realtime/realtime-connection.ts may import @microsoft/signalr.',
    },
  },
  create(context) {
    const root = path.join(context.cwd, 'src', 'app');
    const file = path.relative(root, context.filename);
    if (file.startsWith('..')) return {};

    function check(node) {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      if (source === '@microsoft/signalr' && file !== REALTIME) {
        context.report({ node, messageId: 'signalr' });
      }
      if (!source.startsWith('.')) return;
      const target = path.relative(root, path.resolve(path.dirname(context.filename), source));
      const from = layerOf(file);
      const to = layerOf(target);
      if (!target.startsWith('..') && !mayImport(from, to)) {
        context.report({ node, messageId: 'direction', data: { from, to } });
      }
    }

    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
