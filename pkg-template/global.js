/** The classic script: `<script src="…/global.js"></script>` defines `partwise`. */
import { Upload, UploadError, Uploader, createUploader, init } from './index.js';

Object.assign(globalThis, { partwise: { createUploader, init, Uploader, Upload, UploadError } });
