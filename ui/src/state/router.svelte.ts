/** Where the reader is; the address bar holds it, so that back and forward work. */
import { formatRoute, parseRoute, type Route } from './route';

export class Router {
  route = $state.raw<Route>({ at: 'new' });

  constructor() {
    this.route = parseRoute(location.hash);
    window.addEventListener('hashchange', () => (this.route = parseRoute(location.hash)));
  }

  /** Goes to a place and remembers the way back. */
  go(route: Route): void {
    location.hash = formatRoute(route);
  }

  /** Goes to a place without a step to come back to. */
  replace(route: Route): void {
    history.replaceState(null, '', formatRoute(route));
    this.route = route;
  }
}
