import { createApp } from 'vue';
import App from './App.vue';
import '../../shared/app.css';

createApp(App).mount('#app');
