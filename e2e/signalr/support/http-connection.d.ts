/** The package has this file without its types, and the types without a file that Node could load. */
declare module '@microsoft/signalr/dist/cjs/HttpConnection.js' {
  export { HttpConnection } from '@microsoft/signalr/dist/esm/HttpConnection.js';
}
