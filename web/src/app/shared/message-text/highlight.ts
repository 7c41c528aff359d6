import type { LanguageFn } from 'highlight.js';
import { createLowlight } from 'lowlight';

/** A piece of code and what it is; nothing in particular if empty. */
export interface CodePart {
  readonly kind:
    '' | 'keyword' | 'string' | 'number' | 'comment' | 'title' | 'addition' | 'deletion';
  readonly text: string;
}

type Loader = () => Promise<{ default: LanguageFn }>;

/** More than this is shown plain: nobody reads colours in it. */
const MAX_LENGTH = 10_000;

const LANGUAGES: Readonly<Record<string, Loader>> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  diff: () => import('highlight.js/lib/languages/diff'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  go: () => import('highlight.js/lib/languages/go'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  lua: () => import('highlight.js/lib/languages/lua'),
  php: () => import('highlight.js/lib/languages/php'),
  python: () => import('highlight.js/lib/languages/python'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
};

const ALIASES: Readonly<Record<string, string>> = {
  'c#': 'csharp',
  'c++': 'cpp',
  cs: 'csharp',
  docker: 'dockerfile',
  html: 'xml',
  js: 'javascript',
  jsx: 'javascript',
  kt: 'kotlin',
  patch: 'diff',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'bash',
  shell: 'bash',
  svg: 'xml',
  toml: 'ini',
  ts: 'typescript',
  tsx: 'typescript',
  yml: 'yaml',
};

const KINDS: Readonly<Record<string, CodePart['kind']>> = {
  'hljs-keyword': 'keyword',
  'hljs-built_in': 'keyword',
  'hljs-type': 'keyword',
  'hljs-literal': 'number',
  'hljs-number': 'number',
  'hljs-string': 'string',
  'hljs-regexp': 'string',
  'hljs-attr': 'title',
  'hljs-attribute': 'title',
  'hljs-name': 'keyword',
  'hljs-tag': '',
  'hljs-title': 'title',
  'hljs-section': 'title',
  'hljs-comment': 'comment',
  'hljs-quote': 'comment',
  'hljs-meta': 'comment',
  'hljs-addition': 'addition',
  'hljs-deletion': 'deletion',
};

const lowlight = createLowlight();

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly properties?: { className?: unknown };
  readonly children?: readonly Node[];
}

/** The code in pieces; in one, if the language is not known. Each language is loaded when it is first needed. */
export async function highlight(code: string, name: string): Promise<CodePart[]> {
  const language = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  const load = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  if (!load || code.length > MAX_LENGTH) return [{ kind: '', text: code }];
  if (!lowlight.registered(language)) lowlight.register(language, (await load()).default);
  return partsOf(lowlight.highlight(language, code) as Node, '');
}

function partsOf(node: Node, kind: CodePart['kind']): CodePart[] {
  if (node.value !== undefined) return [{ kind, text: node.value }];
  const names = node.properties?.className;
  const [name] = Array.isArray(names) ? (names as string[]) : [];
  const own = (name === undefined ? undefined : KINDS[name]) ?? kind;
  return (node.children ?? []).flatMap((child) => partsOf(child, own));
}
