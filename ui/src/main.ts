/** Starts the interface on the host that is there. */
import './styles/base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { chooseHost } from './host';

const target = document.getElementById('app');
if (target) {
  const host = await chooseHost();
  mount(App, { target, props: { host } });
}
