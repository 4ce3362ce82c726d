"""Values as a tab shows them: plain values for its template; knows no Gradio and no server."""
