import '/partwise/element.js';
import { createUploader } from '/partwise/external.js';
import { headers } from './session.js';

const element = document.querySelector('partwise-uploader');
element.createUploader = createUploader;
element.options = { headers };
