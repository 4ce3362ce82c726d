"""Fine-tunes a transformer, or trains a BiLSTM, and writes a checkpoint folder.

Start reading at ``run.train``. Only ``settings`` may be imported without loading torch.
"""
