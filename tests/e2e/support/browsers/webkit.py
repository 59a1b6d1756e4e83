#!/usr/bin/python3
"""A WebKitGTK browser for WebKitWebDriver: one window for each page, and a profile that outlives it.

Debian's MiniBrowser keeps nothing in automation mode: IndexedDB refuses files and a restart forgets everything.
`WEBKIT_PROFILE` is the folder of the profile.
"""
import ctypes
import os
import signal

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2

PR_SET_PDEATHSIG = 1

profile = os.environ["WEBKIT_PROFILE"]
data = WebKit2.WebsiteDataManager(base_data_directory=profile + "/data", base_cache_directory=profile + "/cache")
context = WebKit2.WebContext(website_data_manager=data)


def open_view(_session):
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    window = Gtk.Window()
    window.set_default_size(1024, 768)
    window.add(view)
    window.show_all()
    view.connect("close", lambda _view: window.destroy())
    return view


def started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("webkit.py")
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect("create-web-view", open_view)


# Its driver may be killed.
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
context.set_automation_allowed(True)
context.connect("automation-started", started)
Gtk.main()
