import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './shell/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { startI18n } from './i18n';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element "root"');
await startI18n();
createRoot(root).render(<App />);
